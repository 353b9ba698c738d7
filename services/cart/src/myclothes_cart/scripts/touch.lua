-- Changes nothing but writes, so that its acknowledgement proves the state that it answers.
local there = redis.call('EXISTS', cart) == 1
local answer = forwarded()
if answer then
  return answer
end
touch()
if not there then
  redis.call('DEL', cart)
end
return state()
