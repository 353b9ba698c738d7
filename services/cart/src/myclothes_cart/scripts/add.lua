-- Adds to a line. ARGV from 6: sku, quantity, lines at most, quantity at most.
local answer = forwarded() or known_or_refused(true)
if answer then
  return answer
end
local sku, added = ARGV[6], tonumber(ARGV[7])
local quantity, place = line(sku)
if quantity + added > tonumber(ARGV[9]) then
  return {'quantity_limit', quantity}
end
if quantity == 0 and lines() >= tonumber(ARGV[8]) then
  return {'line_limit'}
end
put(sku, quantity + added, place)
return done(true)
