-- Before every change. A cart is a hash with a field a sku, "quantity:place", and a few whose names begin with ":",
-- as no sku does: ":v" version, ":n" places given out, ":w" writes (counted so that every run writes something, which
-- is what WAIT proves), ":to" the cart that this one was merged into.
-- Remembered operations are a second hash: operation id -> "milliseconds until it may be forgotten:fingerprint".
-- KEYS: cart, its operations. ARGV: operation id, fingerprint, ms to remember, operations at most, retention in s.
local cart, ops = KEYS[1], KEYS[2]
local op, fingerprint, retention = ARGV[1], ARGV[2], ARGV[5]
local memory, most = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function digits(number)
  return string.format('%.0f', number)
end

local function touch()
  redis.call('HINCRBY', cart, ':w', 1)
  redis.call('EXPIRE', cart, retention)
end

local function state()
  return {'cart', redis.call('HGETALL', cart)}
end

local function forwarded()
  local to = redis.call('HGET', cart, ':to')
  if to then
    touch()
    return {'forward', to}
  end
end

local function prune()
  local known = redis.call('HGETALL', ops)
  for i = 1, #known, 2 do
    if tonumber(string.match(known[i + 1], '^%d+')) <= now then
      redis.call('HDEL', ops, known[i])
    end
  end
end

-- The answer if this operation was done before, or must not be done; nothing if it may go on.
local function known_or_refused(bounded)
  local known = redis.call('HGET', ops, op)
  if known then
    if string.match(known, ':(.*)$') ~= fingerprint then
      return {'reused'}
    end
    touch()
    return state()
  end
  if bounded and redis.call('HLEN', ops) >= most then
    prune()
    if redis.call('HLEN', ops) >= most then
      return {'too_many_changes'}
    end
  end
end

local function keep_ops(ms)
  if redis.call('PTTL', ops) < ms then
    redis.call('PEXPIRE', ops, digits(ms))
  end
end

local function remember()
  redis.call('HSET', ops, op, digits(now + memory) .. ':' .. fingerprint)
  keep_ops(memory)
end

local function version(key)
  return tonumber(redis.call('HGET', key, ':v') or '0')
end

-- The end of a change: a new version if anything is different, and the operation remembered.
local function done(changed, least)
  if changed then
    redis.call('HSET', cart, ':v', digits(math.max(version(cart) + 1, now, least or 0)))
  end
  remember()
  touch()
  return state()
end

-- A line's quantity, 0 for none, and its place.
local function line(sku)
  local value = redis.call('HGET', cart, sku)
  if not value then
    return 0
  end
  local quantity, place = string.match(value, '^(%d+):(%d+)$')
  return tonumber(quantity), place
end

local function put(sku, quantity, place)
  place = place or redis.call('HINCRBY', cart, ':n', 1)
  redis.call('HSET', cart, sku, digits(quantity) .. ':' .. place)
end

local function lines()
  local meta = redis.call('HMGET', cart, ':v', ':n', ':w', ':to')
  local count = redis.call('HLEN', cart)
  for i = 1, 4 do
    if meta[i] then
      count = count - 1
    end
  end
  return count
end
