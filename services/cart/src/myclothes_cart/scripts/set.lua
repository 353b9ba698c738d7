-- Sets a line's quantity; 0 removes it. The limits bind what grows: a line over the limit may be lowered.
-- ARGV from 6: sku, quantity, lines at most, quantity at most.
local answer = forwarded() or known_or_refused(true)
if answer then
  return answer
end
local sku, wanted = ARGV[6], tonumber(ARGV[7])
local quantity, place = line(sku)
if wanted > quantity then
  if wanted > tonumber(ARGV[9]) then
    return {'quantity_limit', quantity}
  end
  if quantity == 0 and lines() >= tonumber(ARGV[8]) then
    return {'line_limit'}
  end
end
if wanted == 0 then
  redis.call('HDEL', cart, sku)
elseif wanted ~= quantity then
  put(sku, wanted, place)
end
return done(wanted ~= quantity)
