import assert from 'node:assert/strict';
import { newJob } from '../new-job.js';
import { fieldsOf } from '../stored-job.js';
import type { ConformanceCase, Theme } from './case.js';
import { field, get, job, listed, sameStored, UUID } from './jobs.js';
import type { Subject } from './subject.js';

/** Creates a job with the member, and makes sure that it is found as it was written, character for character. */
async function keeps(subject: Subject, members: readonly (readonly [string, string])[]): Promise<void> {
  const texts = members.map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  const created = await subject.store.create(newJob(`{"uuid":"${UUID}",${texts.join(',')}}`));
  for (const [key, text] of members) assert.equal(field(created, key), text, `${key}, as create answers it`);
  await subject.check(async (store) => {
    const [inList] = await listed(store);
    for (const found of [await get(store), inList]) {
      for (const [key, text] of members) assert.equal(field(found, key), text, key);
    }
  });
}

/** Each known field with a value of its type. */
const KNOWN: readonly (readonly [string, string])[] = [
  ['name', '"nightly"'],
  ['command', '"/usr/bin/python3"'],
  ['args', '["train.py","--epochs","","ü \\u0001"]'],
  ['type', '"STANDARD"'],
  ['limits', '{"CPU":{},"CPUCores":{},"Memory":{},"IOBandwidth":{}}'],
  ['cgroupPath', '"/sys/fs/cgroup/x"'],
  ['status', '"COMPLETED"'],
  ['pid', '4242'],
  ['startTime', '"2025-11-20T00:53:20.123456789Z"'],
  ['endTime', '"2025-11-20T02:55:00.000000005+02:00"'],
  ['scheduledTime', 'null'],
  ['exitCode', '-1'],
  ['network', '"bridge"'],
  ['volumes', '["data"]'],
  ['runtime', '"python-3.11-ml"'],
  ['workflowUuid', '""'],
  ['workingDirectory', '"/work"'],
  ['uploads', '[{"path":"a","content":"AAEC/w==","mode":420,"isDirectory":false,"size":4}]'],
  ['dependencies', '[]'],
  ['environment', '{"A":"1","B":"zwei","__proto__":"x","10":"b","2":"a"}'],
  ['gpuIndices', '[0,1]'],
  ['gpuCount', '2'],
  ['gpuMemoryMB', '9007199254740993'],
  ['nodeId', '"node-1"'],
  ['completedAt', '"2025-11-20T00:55:00Z"'],
];

const known: ConformanceCase = {
  name: 'every known field, times with nanoseconds and with offsets among them',
  run: (subject) => keeps(subject, KNOWN),
};

const unknown: ConformanceCase = {
  name: 'fields that nobody knows, at every depth',
  run: (subject) =>
    keeps(subject, [
      ['futureField', '{"a":[{"b":{"c":[1,null,true,{"d":""}]}}]}'],
      ['Another Field', '"x"'],
      ['', '"a key of no letters"'],
      ['__proto__', '{"polluted":true}'],
      ['constructor', '1'],
      ['json', '"a name that stores use"'],
      ['kind', '[]'],
      ['jobId', '"another id"'],
      ['a.b', '1'],
      ['a$b', '1'],
      ['jobStatus', '"RUNNING"'],
      ['expiresAt', '1'],
      ['nothing', 'null'],
    ]),
};

const numbers: ConformanceCase = {
  name: 'numbers as they are written: beyond 2^53, beyond 2^64, with zeros and exponents',
  run: (subject) =>
    keeps(subject, [
      ['beyondDouble', '9007199254740993'],
      ['int64', '-9223372036854775808'],
      ['beyondInt64', '123456789012345678901234567890123456789012345678901234567890'],
      ['fraction', '0.1000000000000000055511151231257827021181583404541015625'],
      ['zeros', '1.50'],
      ['exponent', '1E400'],
      ['negativeZero', '-0'],
      ['within', '{"list":[18446744073709551615,{"deep":[9007199254740993]}]}'],
    ]),
};

const texts: ConformanceCase = {
  name: 'texts of any script, and escapes as they are written',
  run: (subject) =>
    keeps(subject, [
      ['scripts', '"äöü 日本語 😀 \u2028"'],
      ['escapes', '"\\u0000\\u001f\\n\\\\\\"\\/\\ud83d\\ude00"'],
      ['half', '"\\ud800"'],
      ['blanks', '"  a  "'],
      ['looksLikeJson', '"{\\"a\\":1}"'],
      ['slashes', '"\\\\\\\\"'],
    ]),
};

const order: ConformanceCase = {
  name: 'the order of the keys, and keys that are there twice within a value',
  async run(subject) {
    const keys = ['z', 'a', '10', '9', 'B', 'm'];
    await keeps(subject, [
      ...keys.map((key) => [key, '1'] as const),
      ['within', '{"z":1,"a":2,"10":3,"9":4,"a":5}'],
    ]);
    const names = [...fieldsOf(await get(subject.store)).keys()];
    assert.deepEqual(names.slice(1, 7), keys, 'the order of the keys');
  },
};

const spellings: ConformanceCase = {
  name: 'keys in any case are answered in camelCase, and the last of two spellings counts',
  async run(subject) {
    const written =
      '{"Uuid":"job-1","STATUS":"FAILED","GPUMemoryMB":5,"exitcode":1,"Pid":3,"pid":4,"CgroupPath":"/x"}';
    await subject.store.create(newJob(written));
    await subject.check(async (store) => {
      const found = await get(store);
      assert.equal(found.status, 'FAILED');
      assert.match(
        found.json,
        /^\{"uuid":"job-1","status":"FAILED","gpuMemoryMB":5,"exitCode":1,"pid":4,"cgroupPath":"\/x",/,
      );
    });
  },
};

const deep: ConformanceCase = {
  name: 'a value that is nested a thousand times',
  run: (subject) => keeps(subject, [['deep', `${'[{"a":'.repeat(500)}1${'}]'.repeat(500)}`]]),
};

const large: ConformanceCase = {
  name: 'a job of 200 KB',
  run: (subject) =>
    keeps(subject, [
      ['large', JSON.stringify(Array.from({ length: 5000 }, (_, index) => `${index} ${'x'.repeat(32)}`))],
    ]),
};

const ids: ConformanceCase = {
  name: 'ids of any characters but control characters, each a job of its own',
  async run(subject) {
    const ids = [
      'a',
      'A',
      'a/b',
      'a:b',
      'a b',
      ' a',
      'ä',
      'a\u0308',
      '😀',
      '%',
      '*',
      "'",
      '"',
      '{a}',
      '-',
      '..',
      'a'.repeat(512),
    ];
    for (const [index, uuid] of ids.entries())
      await subject.store.create(job({ uuid, pid: index, nodeId: `n ${uuid.slice(0, 99)}` }));
    await subject.check(async (store) => {
      for (const [index, uuid] of ids.entries()) {
        const found = await get(store, uuid);
        assert.deepEqual([found.uuid, field(found, 'pid')], [uuid, String(index)]);
        assert.deepEqual(
          (await listed(store, { nodeId: `n ${uuid.slice(0, 99)}` })).map((one) => one.uuid),
          [uuid],
        );
      }
      assert.equal((await listed(store)).length, ids.length);
    });
  },
};

const same: ConformanceCase = {
  name: 'create, update, get and list answer with the same job',
  async run(subject) {
    const created = await subject.store.create(job({ pid: 1 }));
    await sameStored(subject.store, created);
    const updated = await subject.store.update(job({ pid: 2 }));
    await subject.check((store) => sameStored(store, updated));
  },
};

export const content: Theme = {
  name: 'content',
  cases: [known, unknown, numbers, texts, order, spellings, deep, large, ids, same],
};
