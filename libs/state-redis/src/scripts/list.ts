import { makeScript } from './script.js';

/**
 * A step of a list: jobs of an index that match, in its order; members of jobs that have expired are removed on the way.
 * Answers with the epoch, '1' when there may be more behind the last member that was looked at, that one's time and uuid,
 * and the record of each job, with its uuid behind.
 *
 * ARGV: the index's name; '1' for descending times, else '0'; '1' to begin behind a place, else '0', and its time and
 * uuid; how many jobs are wanted, how many members to look at; the beginning of uuids; '1' and a node, or '0' and '';
 * the same with an owner; then the statuses, none: any.
 */
export const LIST = makeScript(String.raw`
local index = prefix .. ARGV[1]
local descending = ARGV[2] == '1'
local time, last = ARGV[4], ARGV[5]
local wanted, looks = tonumber(ARGV[6]), tonumber(ARGV[7])
local statuses = {}
for i = 13, #ARGV do statuses[ARGV[i]] = true end

local answer = { redis.call('GET', prefix .. 'epoch') or '0', '0', '', '' }
local dead = {}

-- False: no more of them.
local function look(member)
  if wanted == 0 or looks == 0 then
    answer[2] = '1'
    return false
  end
  looks = looks - 1
  local separator = string.find(member, '\0', 1, true)
  time, last = string.sub(member, 1, separator - 1), string.sub(member, separator + 1)
  local f = redis.call('HMGET', job_key(last), 'createdAt', 'updatedAt', 'status', 'nodeId', 'owner')
  local alive = false
  if f[1] then
    for _, place in ipairs(places(last, f[1], f[2], f[3], f[4])) do
      if place[1] == index and place[2] == member then alive = true end
    end
  end
  if not alive then
    dead[#dead + 1] = member
  elseif (#ARGV < 13 or statuses[f[3]]) and (ARGV[9] == '0' or f[4] == ARGV[10])
      and (ARGV[11] == '0' or f[5] == ARGV[12]) and string.sub(last, 1, #ARGV[8]) == ARGV[8] then
    local record = record_of(last)
    record[#record + 1] = last
    answer[#answer + 1] = record
    wanted = wanted - 1
  end
  return true
end

local function walk_up(min, max)
  while true do
    local members = redis.call('ZRANGEBYLEX', index, min, max, 'LIMIT', 0, 128)
    for _, member in ipairs(members) do
      if not look(member) then return false end
    end
    if #members < 128 then return true end
    min = '(' .. members[#members]
  end
end

local function of_time(t, from)
  return walk_up(from, '(' .. t .. '\1')
end

local function walk_down()
  local before = '+'
  if ARGV[3] == '1' then
    before = '(' .. time .. '\0'
    if not of_time(time, '(' .. time .. '\0' .. last) then return end
  end
  while true do
    local top = redis.call('ZREVRANGEBYLEX', index, before, '-', 'LIMIT', 0, 1)[1]
    if not top then return end
    before = '[' .. string.sub(top, 1, string.find(top, '\0', 1, true))
    if not of_time(string.sub(before, 2, -2), before) then return end
    before = '(' .. string.sub(before, 2)
  end
end

if descending then
  walk_down()
else
  walk_up(ARGV[3] == '1' and '(' .. time .. '\0' .. last or '-', '+')
end
for _, member in ipairs(dead) do redis.call('ZREM', index, member) end
answer[3], answer[4] = time, last
return answer
`);
