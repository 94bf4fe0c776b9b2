import { makeScript } from './script.js';

/**
 * Writes a record unless what is stored has another version by now: then it answers with that, as `recordOf` reads it,
 * else with nothing.
 *
 * ARGV: uuid, expected version or '', then the version and the expiry of a tombstone, or JOB_FIELDS and the expiry of a job.
 */
export const CHANGE = makeScript(String.raw`
local uuid = ARGV[1]
if version_of(uuid) ~= ARGV[2] then
  return record_of(uuid)
end
if #ARGV == 4 then
  put_tombstone(uuid, ARGV[3], ARGV[4])
else
  put_job(uuid, 3)
end
return false
`);
