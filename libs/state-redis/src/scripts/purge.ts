import { makeScript } from './script.js';

/**
 * Removes jobs that have expired, by the server's clock, from all indexes. Answers with their number.
 *
 * ARGV: how many to remove at most.
 */
export const PURGE = makeScript(String.raw`
-- A second ago: what expires just now may still be there for a script.
local before = string.format('%.0f', (tonumber(redis.call('TIME')[1]) - 1) * 1000)
local members = redis.call('ZRANGEBYSCORE', expiring, '-inf', before, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(members) do
  local names = {}
  local at = 1
  for i = 1, 4 do
    local separator = string.find(member, '\0', at, true)
    names[i] = string.sub(member, at, separator - 1)
    at = separator + 1
  end
  local uuid = string.sub(member, at)
  -- A job that was created anew may stand where the old one did.
  local there = stored_names(uuid)
  local kept = there[1] and places(uuid, unpack(there)) or {}
  for i, place in ipairs(places(uuid, unpack(names))) do
    if not (kept[i] and kept[i][1] == place[1] and kept[i][2] == place[2]) then
      redis.call('ZREM', place[1], place[2])
    end
  end
  redis.call('ZREM', expiring, member)
end
return #members
`);
