import { expect, it } from '@jest/globals';
import { applyCreate, liveRecord, newJob, type Job } from '@joblet/state-store';
import fc from 'fast-check';
import { attributeOf, isSameValue, jsonOf } from './attribute-value.js';
import { decodeItem, encodeItem, type Item, type ItemFormat } from './item.js';
import { itemSize } from './item-size.js';

const FORMAT: ItemFormat = { keyName: 'jobId', ttl: { attribute: 'expiresAt', days: 30 } };
const NOW = Date.UTC(2025, 10, 20);

const json = fc.json({ stringUnit: 'binary' });
const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.constantFrom(
    '1.50',
    '-0',
    '1E400',
    '1e-7',
    '0.1000000000000000055511151231257827',
    '12345678901234567890e20',
  ),
);
const time = fc.date({ min: new Date(0), max: new Date(NOW), noInvalidDate: true }).chain((date) =>
  fc.constantFrom('Z', '123456789Z', '5+02:00').map((end) => {
    const whole = date.toISOString().slice(0, 19);
    return JSON.stringify(end === 'Z' ? `${whole}Z` : `${whole}.${end}`);
  }),
);
const text = fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value));
const texts = fc.array(text).map((values) => `[${values.join(', ')}]`);

/** The JSON of a job whose known fields have their types, and the others anything. */
const jobJson = fc
  .record(
    {
      status: fc.constantFrom('"RUNNING"', '"FAILED"', '""', 'null'),
      command: text,
      args: texts,
      environment: fc
        .dictionary(fc.string({ unit: 'binary' }), fc.string())
        .map((value) => JSON.stringify(value)),
      startTime: fc.oneof(time, fc.constantFrom('null', '"0001-01-01T00:00:00Z"')),
      completedAt: time,
      pid: fc.integer().map(String),
      owner: fc.constantFrom('""', '"rnx"'),
      resourceLimits: json,
      future: fc.oneof(json, number),
    },
    { requiredKeys: [] },
  )
  .map((fields) => Object.entries(fields).map(([key, value]) => `${JSON.stringify(key)}: ${String(value)}`))
  .map((members) => `{${['"uuid":"job-1"', ...members].join(' , ')}}`);

function stored(jobText: string): Job {
  return applyCreate(undefined, newJob(jobText), NOW).job;
}

it('gives back what it was made of, character for character', () => {
  fc.assert(
    fc.property(jobJson, fc.boolean(), (jobText, isUpserted) => {
      const record = liveRecord(stored(jobText), isUpserted);
      const item = encodeItem(record, 'write-1', NOW, FORMAT);
      expect(decodeItem(item, NOW, FORMAT)).toEqual(record);
      // And once more, over the item that was there.
      const again = encodeItem(record, 'write-2', NOW, FORMAT, item);
      expect(again).toEqual({ ...item, writeId: { S: 'write-2' } });
    }),
  );
});

it('takes any change of an attribute for one', () => {
  const attributes = fc.constantFrom<[string, string, string]>(
    ['jobStatus', 'status', '"STOPPED"'],
    ['command', 'command', '"/bin/other"'],
    ['args', 'args', '["changed"]'],
    ['pid', 'pid', '2147483647'],
    ['environment', 'environment', '{"CHANGED":"1"}'],
    ['unheardOf', 'unheardOf', '[1,{"a":null}]'],
  );
  fc.assert(
    fc.property(jobJson, attributes, (jobText, [attribute, field, value]) => {
      const job = stored(jobText);
      const item: Item = {
        ...encodeItem(liveRecord(job, false), 'write-1', NOW, FORMAT),
        [attribute]: attributeOf(value) ?? { NULL: true },
      };
      const decoded = decodeItem(item, NOW, FORMAT);
      expect(decoded).toMatchObject({ kind: 'job', version: 2 });
      expect(decoded?.kind === 'job' && decoded.job.json).toContain(`${JSON.stringify(field)}:${value}`);
    }),
  );
});

it('has attribute values that say what the JSON says, or none', () => {
  fc.assert(
    fc.property(fc.oneof(json, number), (value) => {
      const attribute = attributeOf(value);
      if (attribute === undefined) return;
      const back = jsonOf(attribute);
      expect(isSameValue(attributeOf(back) ?? { NULL: true }, attribute)).toBe(true);
      if (!/\d/.test(value)) expect(JSON.parse(back)).toEqual(JSON.parse(value));
    }),
  );
});

it.each([
  ['1.50', '1.5', true],
  ['100', '1E+2', true],
  ['-0', '0', true],
  ['0.001', '1e-3', true],
  ['9007199254740993', '9007199254740992', false],
  ['-1', '1', false],
  ['10', '1', false],
])('%s and %s are the same number: %s', (a, b, expected) => {
  expect(isSameValue({ N: a }, { N: b })).toBe(expected);
});

it.each([
  ['a number of 39 digits', '1'.repeat(39)],
  ['a number that is too large', '1E126'],
  ['half a surrogate pair', '"\\ud800"'],
  ['an empty key', '{"":1}'],
  ['a key that the SDK loses', '{"__proto__":1}'],
  ['a value that is too deep', `${'['.repeat(32)}${']'.repeat(32)}`],
])('has no attribute for %s', (_, value) => {
  expect(attributeOf(value)).toBeUndefined();
});

it('counts bytes as DynamoDB does', () => {
  expect(itemSize({ ab: { S: 'ü' } })).toBe(4);
  expect(itemSize({ a: { M: { b: { L: [{ S: 'x' }, { BOOL: true }] } } } })).toBe(1 + 3 + 1 + 1 + 3 + 2 * 2);
  expect(itemSize({ a: { B: new Uint8Array(5) } })).toBe(6);
});

it('is a tombstone until its time', () => {
  const tombstone = { kind: 'tombstone', uuid: 'job-1', version: 3, expiresAt: NOW + 1 } as const;
  const item = encodeItem(tombstone, 'write-1', NOW, FORMAT);
  expect(decodeItem(item, NOW, FORMAT)).toEqual(tombstone);
  expect(decodeItem(item, NOW + 1, FORMAT)).toBeUndefined();
});
