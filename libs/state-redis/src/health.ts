import type { Health } from '@joblet/state-store';
import type { Connection } from './connection.js';

/** What the server says of itself, as far as it may lose or refuse jobs. */
export async function askHealth(connection: Connection): Promise<Health> {
  const server = fieldsOf(await connection.send<string>('INFO'));
  const at = `Redis at ${connection.name}`;
  const wrong: string[] = [];
  const toKnow: string[] = [];
  if (server.get('loading') === '1') wrong.push(`${at} is still reading its data`);
  if (server.get('role') === 'slave') wrong.push(`${at} is a replica: it takes no changes`);
  if (server.get('aof_last_write_status') === 'err') wrong.push(`${at} cannot write its append-only file`);
  if (server.get('aof_enabled') === '0') {
    toKnow.push(
      `${at} has no append-only file: when it ends, what it has acknowledged since its last snapshot is lost`,
    );
  } else if ((await appendFsync(connection)) === 'everysec') {
    toKnow.push(`${at} has appendfsync everysec: a power cut takes about a second of acknowledged changes`);
  } else if ((await appendFsync(connection)) === 'no') {
    toKnow.push(`${at} has appendfsync no: a power cut takes some of the last acknowledged changes`);
  }
  const policy = server.get('maxmemory_policy') ?? 'noeviction';
  if (server.get('maxmemory') !== '0' && policy !== 'noeviction') {
    toKnow.push(`${at} has maxmemory-policy ${policy}: it removes jobs when its memory is full`);
  }
  return { ok: wrong.length === 0, details: [...wrong, ...toKnow] };
}

/** Undefined where the user may not ask, as with most hosted servers. */
async function appendFsync(connection: Connection): Promise<string | undefined> {
  try {
    const [, value] = await connection.send<string[]>('CONFIG', 'GET', 'appendfsync');
    return value;
  } catch {
    return undefined;
  }
}

/** `name:value` lines. */
function fieldsOf(info: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
