import { JOB_FIELDS, RECORD_FIELDS } from '../record-hash.js';

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** Lua that every script begins with. KEYS[1] is KEY_PREFIX. */
export const COMMON = String.raw`
local prefix = KEYS[1]

local function job_key(uuid)
  return prefix .. 'job:' .. uuid
end

-- Where a job stands in the indexes: key and member.
local function places(uuid, created, updated, status, node)
  local place = created .. '\0' .. uuid
  return {
    { prefix .. 'created', place },
    { prefix .. 'updated', updated .. '\0' .. uuid },
    { prefix .. 'status:' .. status, place },
    { prefix .. 'node:' .. node, place },
  }
end

-- What places() takes of what is stored, behind the uuid; the first is false for what is no job.
local function stored_names(uuid)
  return redis.call('HMGET', job_key(uuid), 'createdAt', 'updatedAt', 'status', 'nodeId')
end

local expiring = prefix .. 'expiring'

-- All that places() takes: when the job has expired, nothing else tells.
local function expiring_member(uuid, names)
  return names[1] .. '\0' .. names[2] .. '\0' .. names[3] .. '\0' .. names[4] .. '\0' .. uuid
end

-- The places of what is stored, and it is no longer among those that expire.
local function leave(uuid)
  local names = stored_names(uuid)
  if not names[1] then return {} end
  redis.call('ZREM', expiring, expiring_member(uuid, names))
  return places(uuid, unpack(names))
end

local function move(from, to)
  for i = 1, 4 do
    local old, new = from[i], to[i]
    if not (old and new and old[1] == new[1] and old[2] == new[2]) then
      if old then redis.call('ZREM', old[1], old[2]) end
      if new then redis.call('ZADD', new[1], 0, new[2]) end
    end
  end
end

local job_fields = { ${quoted(JOB_FIELDS)} }

local function record_of(uuid)
  return redis.call('HMGET', job_key(uuid), ${quoted(RECORD_FIELDS)})
end

-- The job whose fields are in ARGV from at on, and behind them when it expires, or ''.
local function put_job(uuid, at)
  local key = job_key(uuid)
  local names = { ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6] }
  move(leave(uuid), places(uuid, unpack(names)))
  local pairs = {}
  for i, name in ipairs(job_fields) do
    pairs[2 * i - 1], pairs[2 * i] = name, ARGV[at + i - 1]
  end
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(pairs))
  local expires = ARGV[at + #job_fields]
  if expires ~= '' then
    redis.call('PEXPIREAT', key, expires)
    redis.call('ZADD', expiring, expires, expiring_member(uuid, names))
  end
end

local function put_tombstone(uuid, version, expires)
  local key = job_key(uuid)
  move(leave(uuid), {})
  redis.call('DEL', key)
  redis.call('HSET', key, 'version', version, 'expiresAt', expires)
  redis.call('PEXPIREAT', key, expires)
end

-- '' when there is nothing.
local function version_of(uuid)
  return redis.call('HGET', job_key(uuid), 'version') or ''
end
`;
