import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { logMessagesIn } from './testing/log-messages.js';
import { expectCaseDocumented } from './testing/person.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** All that runs in persist and state, but the configuration, whose warnings are those of its check. */
const FOLDERS = [
  ...['apps/persist/src', 'apps/state/src'],
  ...['ipc', 'service', 'storage', 'storage-local', 'wal', 'wire'].map((name) => `libs/${name}/src`),
  ...['store', 'local', 'redis', 'postgres', 'dynamodb'].map((name) => `libs/state-${name}/src`),
];

const messages = FOLDERS.flatMap((folder) => logMessagesIn(ROOT, folder));

/** Of each way to log one line. */
const KINDS = [
  'a connection cannot be accepted',
  'there is no connection to Redis',
  'a query failed',
  'a run is damaged: rows in it may be missing',
  '<…> failed and is tried again',
];

it('the lines are found in the sources', () => {
  const texts = messages.map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining(KINDS));
});

it.each(messages.filter(({ text }) => text !== undefined).map(({ text, where }) => [text!, where]))(
  'the page has: %s (%s)',
  (text) => expectCaseDocumented(text),
);

it('what is put together elsewhere is known', () => {
  const files = messages
    .filter(({ text }) => text === undefined)
    .map(({ where }) => where.replace(/:\d+$/, ''));
  expect(files.sort()).toEqual([
    // Passes on what its callers say, which is found there.
    'apps/persist/src/persist.ts',
    // Warnings of the configuration, which name file, line and column.
    'libs/service/src/run-program.ts',
    // What the health of Redis says.
    'libs/state-redis/src/open-redis-state-store.ts',
  ]);
});
