-- The generic cell rate algorithm. KEYS[1] holds the theoretical arrival time; ARGV are now, the interval between calls (both
-- in microseconds), how many calls the limit has, and how many are wanted; a negative number gives calls back. Answers how
-- many are let through, and how many microseconds there are to wait when none is.
local now, interval, limit, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local window = interval * limit
local arrival = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now), now + window)
local calls, wait = 0, 0
if want < 0 then
  arrival = math.max(now, arrival + want * interval)
else
  calls = math.min(want, math.floor((now + window - arrival) / interval))
  if calls == 0 then
    wait = arrival + interval - now - window
  end
  arrival = arrival + calls * interval
end
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1)
return {calls, wait}
