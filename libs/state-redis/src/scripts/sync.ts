import { makeScript } from './script.js';

/**
 * All of a sync, unless a given job has another version by now. Answers with 1 and the number of jobs removed, or with 0
 * and the uuids whose version is another.
 *
 * ARGV: '1' when the sync has a node, else '0'; node, owner, expiry of tombstones; the number of given jobs, and uuid and
 * expected version of each; then uuid, JOB_FIELDS and expiry of each job that is to be written.
 */
export const SYNC = makeScript(String.raw`
local given, changed = {}, { 0 }
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local uuid = ARGV[at]
  given[uuid] = true
  if version_of(uuid) ~= ARGV[at + 1] then changed[#changed + 1] = uuid end
  at = at + 2
end
if #changed > 1 then return changed end

local removed = 0
if ARGV[1] == '1' then
  for _, member in ipairs(redis.call('ZRANGE', prefix .. 'node:' .. ARGV[2], 0, -1)) do
    local uuid = string.sub(member, string.find(member, '\0', 1, true) + 1)
    local f = redis.call('HMGET', job_key(uuid), 'nodeId', 'owner', 'version')
    if not given[uuid] and f[1] == ARGV[2] and f[2] == ARGV[3] then
      put_tombstone(uuid, string.format('%.0f', tonumber(f[3]) + 1), ARGV[4])
      removed = removed + 1
    end
  end
end
local writes = at <= #ARGV
while at <= #ARGV do
  put_job(ARGV[at], at + 1)
  at = at + 2 + #job_fields
end
if writes or removed > 0 then redis.call('INCR', prefix .. 'epoch') end
return { 1, removed }
`);
