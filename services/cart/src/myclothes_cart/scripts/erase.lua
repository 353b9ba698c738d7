-- Erases the cart named, also when it forwards: what it forwards to is another's. Version and operation ids stay for as
-- long as a repeat may come, so that neither is used again; no line does.
local answer = known_or_refused(false)
if answer then
  return answer
end
local least = version(cart) + 1
redis.call('DEL', cart)
retention = math.ceil(memory / 1000)
return done(true, least)
