-- Takes what was ordered, each line by as much as is there. Never refused for too many changes: an order has to
-- leave the cart. ARGV from 6: sku, quantity, sku, quantity, ...
local answer = forwarded() or known_or_refused(false)
if answer then
  return answer
end
local changed = false
for i = 6, #ARGV, 2 do
  local quantity, place = line(ARGV[i])
  if quantity > 0 then
    local left = quantity - tonumber(ARGV[i + 1])
    if left > 0 then
      put(ARGV[i], left, place)
    else
      redis.call('HDEL', cart, ARGV[i])
    end
    changed = true
  end
end
return done(changed)
