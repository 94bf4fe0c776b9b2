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

-- Of what is stored; none for what is no job.
local function stored_places(uuid)
  local f = redis.call('HMGET', job_key(uuid), 'createdAt', 'updatedAt', 'status', 'nodeId')
  if not f[1] then return {} end
  return places(uuid, f[1], f[2], f[3], f[4])
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
  move(stored_places(uuid), places(uuid, ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]))
  local pairs = {}
  for i, name in ipairs(job_fields) do
    pairs[2 * i - 1], pairs[2 * i] = name, ARGV[at + i - 1]
  end
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(pairs))
  local expires = ARGV[at + #job_fields]
  if expires ~= '' then redis.call('PEXPIREAT', key, expires) end
end

local function put_tombstone(uuid, version, expires)
  local key = job_key(uuid)
  move(stored_places(uuid), {})
  redis.call('DEL', key)
  redis.call('HSET', key, 'version', version, 'expiresAt', expires)
  redis.call('PEXPIREAT', key, expires)
end

-- '' when there is nothing.
local function version_of(uuid)
  return redis.call('HGET', job_key(uuid), 'version') or ''
end
`;
