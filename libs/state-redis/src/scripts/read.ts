import { makeScript } from './script.js';

/** The records of the uuids in ARGV, each as `recordOf` reads it; of one that cannot be read the error alone. */
export const READ = makeScript(String.raw`
local answer = {}
for i, uuid in ipairs(ARGV) do
  local is_read, found = pcall(record_of, uuid)
  answer[i] = is_read and found or { type(found) == 'table' and found.err or found }
end
return answer
`);
