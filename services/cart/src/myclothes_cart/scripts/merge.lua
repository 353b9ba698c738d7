-- Brings another cart's lines in and leaves that one as a forward to this one. The other's remembered operations come
-- along: an add that was done there and is repeated here must not be done twice. Limits do not bind a merge.
-- KEYS from 3: the other cart, its operations. ARGV from 6: this cart's id, the other's retention in s.
local answer = forwarded() or known_or_refused(false)
if answer then
  return answer
end
local other, other_ops = KEYS[3], KEYS[4]
-- An other that forwards has nothing of its own: it was merged already, here or elsewhere.
if other == cart or redis.call('HEXISTS', other, ':to') == 1 then
  return done(false)
end

local arriving = {}
local fields = redis.call('HGETALL', other)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 1) ~= ':' then
    local quantity, place = string.match(fields[i + 1], '^(%d+):(%d+)$')
    arriving[#arriving + 1] = {sku = fields[i], quantity = tonumber(quantity), place = tonumber(place)}
  end
end
table.sort(arriving, function(a, b) return a.place < b.place end)
for _, new in ipairs(arriving) do
  local quantity, place = line(new.sku)
  put(new.sku, quantity + new.quantity, place)
end

local known = redis.call('HGETALL', other_ops)
for i = 1, #known, 2 do
  redis.call('HSETNX', ops, known[i], known[i + 1])
end
keep_ops(redis.call('PTTL', other_ops))

-- also above the other's version: a session that has seen that one must not take this one for older
local least = version(other) + 1
redis.call('DEL', other, other_ops)
redis.call('HSET', other, ':to', ARGV[6], ':v', digits(least))
redis.call('EXPIRE', other, ARGV[7])
return done(true, least)
