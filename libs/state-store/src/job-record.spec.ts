import { describe, expect, it } from '@jest/globals';
import { applyCreate, applyDelete, applyUpdate } from './changes.js';
import { decodeRecord, encodeRecord } from './job-record.js';
import { newJob } from './new-job.js';

const job = newJob('{"uuid":"ä\\"1","status":"RUNNING","n":9007199254740993}');

describe('encodeRecord', () => {
  it.each([
    ['a job', applyCreate(undefined, job, 1000)],
    ['a job that an update created', applyUpdate(undefined, job, 1000, { upsert: true })],
    ['a tombstone', applyDelete(applyCreate(undefined, job, 1000), job.uuid, 2000)],
  ])('%s is read as it was written', (_, record) => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });
});

describe('decodeRecord', () => {
  it.each([
    '',
    'x{}',
    'j',
    'j{}',
    'j{"uuid":"a"}',
    'j{"uuid":',
    'j{"uuid":7,"version":1}',
    'j{"uuid":"a","version":"1"}',
    'j{"uuid":"a","version":1',
    'j{"uuid":"a","status":7,"version":1}',
    't{"uuid":"a"}',
    't{',
    'tnull',
  ])('INTERNAL for %s', (text) => {
    expect(() => decodeRecord(text)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

it('an expired tombstone is as good as none', () => {
  const tombstone = applyDelete(applyCreate(undefined, job, 1000), job.uuid, 2000);
  expect(applyCreate(tombstone, job, 61_999).version).toBe(3);
  expect(applyCreate(tombstone, job, 62_000).version).toBe(1);
  expect(() => applyUpdate(tombstone, job, 61_999, { upsert: true })).toThrow(/not found/);
  expect(applyUpdate(tombstone, job, 62_000, { upsert: true }).version).toBe(1);
});
