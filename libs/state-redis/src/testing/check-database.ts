import { createClient } from 'redis';
import { KEY_PREFIX } from '../keys.js';

/** What keeps the indexes from being those of the records; empty: nothing. */
export async function indexProblems(url: string): Promise<string[]> {
  const client = await createClient({ url }).connect();
  try {
    const expected = new Set<string>();
    const found = new Set<string>();
    for await (const keys of client.scanIterator({ COUNT: 1_000 })) {
      for (const key of keys) {
        const name = key.slice(KEY_PREFIX.length);
        if (name.startsWith('job:')) {
          const [hash, expiry] = [await client.hGetAll(key), await client.pExpireTime(key)];
          for (const one of entriesOf(name.slice(4), hash, expiry)) expected.add(one);
        } else if (name === 'expiring') {
          for (const { value, score } of await client.zRangeWithScores(key, 0, -1))
            found.add(entry(name, `${value} ${score}`));
        } else if ((await client.type(key)) === 'zset') {
          for (const member of await client.zRange(key, 0, -1)) found.add(entry(name, member));
        }
      }
    }
    return [
      ...[...found].filter((one) => !expected.has(one)).map((one) => `${one} is there`),
      ...[...expected].filter((one) => !found.has(one)).map((one) => `${one} is missing`),
    ];
  } finally {
    client.destroy();
  }
}

/** `expiry` is Unix time in milliseconds; less than 0: never. */
function entriesOf(uuid: string, hash: Readonly<Record<string, string>>, expiry: number): string[] {
  if (hash['job'] === undefined) return [];
  const { createdAt, updatedAt, status, nodeId } = hash;
  const place = `${createdAt}\0${uuid}`;
  return [
    entry('created', place),
    entry('updated', `${updatedAt}\0${uuid}`),
    entry(`status:${status}`, place),
    entry(`node:${nodeId}`, place),
    ...(expiry < 0
      ? []
      : [entry('expiring', `${[createdAt, updatedAt, status, nodeId, uuid].join('\0')} ${expiry}`)]),
  ];
}

function entry(index: string, member: string): string {
  return JSON.stringify([index, member]);
}
