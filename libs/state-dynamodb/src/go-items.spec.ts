import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { CreateTableCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { findDynamoDbLocal } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob } from '@joblet/state-store';
import { itemOfGo, readByGo } from './testing/go-service.js';
import { Local, newTableName } from './testing/local.js';

type Item = Record<string, AttributeValue>;

const CAPTURED = JSON.parse(
  readFileSync(new URL('../../../testdata/go/state/dynamodb-items.json', import.meta.url), 'utf8'),
) as Item[];
/** Before the captured items expire. */
const now = (): number => Date.parse('2026-11-21T00:00:00Z');
const FULL = {
  uuid: 'job-1',
  status: 'RUNNING',
  command: '/usr/bin/python3',
  args: ['train.py', '--epochs', ''],
  type: 'standard',
  limits: { CPU: {}, CPUCores: {}, Memory: {}, IOBandwidth: {} },
  pid: 4242,
  startTime: '2025-11-20T00:53:20.123456789Z',
  endTime: '2025-11-20T02:55:00.000000005+02:00',
  scheduledTime: null,
  exitCode: 0,
  network: 'bridge',
  volumes: ['data'],
  runtime: 'python-3.11-ml',
  workingDirectory: '/work',
  environment: { A: '1', B: 'zwei' },
  gpuIndices: [0, 1],
  gpuCount: 2,
  gpuMemoryMB: 8192,
  nodeId: 'node-1',
  future: [9007199254740993n],
};

describeWithServer('items of the Go service', findDynamoDbLocal, () => {
  const local = new Local();

  it('are read, all five of the capture', async () => {
    // Not with the table's own TTL, which would remove them some day.
    const { store, tableName } = await local.open({ now, ttlDays: 0 });
    await local.put(tableName, ...CAPTURED);
    const { jobs } = await store.list();
    expect(jobs.map(({ uuid }) => uuid)).toEqual(CAPTURED.map(({ jobId }) => jobId.S));
    expect(await store.get('job-000003')).toMatchObject({
      uuid: 'job-000003',
      status: 'COMPLETED',
      nodeId: 'node-1',
      version: 1,
      createdAt: '2025-11-20T00:53:20.000000000Z',
      updatedAt: '2025-11-20T00:55:00.000000000Z',
    });
    expect(JSON.parse(jobs[0].json)).toEqual({
      uuid: 'job-000000',
      status: 'COMPLETED',
      command: '/usr/bin/python3',
      nodeId: 'node-1',
      startTime: '2025-11-20T00:53:20Z',
      endTime: '2025-11-20T00:55:00Z',
      exitCode: 3,
      pid: 4242,
      network: 'bridge',
      runtime: 'python-3.11-ml',
      createdAt: '2025-11-20T00:53:20Z',
      updatedAt: '2025-11-20T00:55:00Z',
      version: 1,
    });
    expect((await store.list({ status: 'COMPLETED', nodeId: 'node-1', owner: '' })).jobs).toHaveLength(5);
    await store.close();
  });

  it('have expired when their time has come, whether or not the table has removed them', async () => {
    const expiresAt = Number(CAPTURED[0]['expiresAt'].N) * 1000;
    const forEver = await local.open({ now: () => expiresAt, ttlDays: 0 });
    const { tableName } = forEver;
    const { store } = await local.open({ now: () => expiresAt, tableName, createTable: false });
    await local.put(tableName, ...CAPTURED);
    expect((await forEver.store.list()).jobs).toHaveLength(5);
    expect((await store.list()).jobs).toEqual([]);
    await expect(store.get('job-000000')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect((await store.create(newJob({ uuid: 'job-000000' }))).version).toBe(1);
    await Promise.all([store.close(), forEver.store.close()]);
  });

  it('of newer versions are read from a table with the key job_uuid, and written so that they read them', async () => {
    const tableName = newTableName();
    await local.client.send(
      new CreateTableCommand({
        TableName: tableName,
        AttributeDefinitions: [{ AttributeName: 'job_uuid', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'job_uuid', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await local.put(tableName, itemOfGo('job_uuid', 'job-1'));
    const { store } = await local.open({ tableName });
    const found = await store.get('job-1');
    expect(JSON.parse(found.json)).toMatchObject({
      args: ['train.py', '--epochs'],
      type: 'standard',
      volumes: ['data'],
      workingDirectory: '/work',
      environment: { A: '1', B: 'zwei' },
      gpuIndices: [0, 1],
      gpuCount: 2,
      gpuMemoryMB: 8192,
    });
    // Numbers in `limits` are what the Go client cannot read in a job.
    expect(found.json).not.toContain('"limits"');
    expect(found.json).toContain('"resourceLimits":{');
    expect(found.json).toContain('"memory":9007199254740993');
    await store.create(newJob({ ...FULL, uuid: 'job-2' }));
    await store.update(newJob({ ...FULL, status: 'STOPPED' }));
    await store.close();
    const items = await local.items(tableName);
    for (const item of items) {
      expect(readByGo(item)).toMatchObject({
        command: '/usr/bin/python3',
        args: ['train.py', '--epochs', ''],
        environment: { A: '1', B: 'zwei' },
        gpuIndices: [0, 1],
      });
    }
    const updated = items.find((item) => item['job_uuid'].S === 'job-1');
    expect(updated?.['jobStatus']).toEqual({ S: 'STOPPED' });
    expect(updated?.['limits']).toEqual(itemOfGo('job_uuid', '')['limits']);
  });

  it('are what ours look like to it', async () => {
    const { store, tableName } = await local.open();
    const { json } = await store.create(newJob(FULL));
    const item = (await local.item(tableName, 'job-1')) ?? {};
    expect(readByGo(item)).toEqual({
      jobId: 'job-1',
      jobStatus: 'RUNNING',
      command: '/usr/bin/python3',
      args: ['train.py', '--epochs', ''],
      jobType: 'standard',
      pid: 4242,
      startTime: Date.parse('2025-11-20T00:53:20.123Z'),
      endTime: Date.parse('2025-11-20T00:55:00Z'),
      exitCode: 0,
      network: 'bridge',
      volumes: ['data'],
      runtime: 'python-3.11-ml',
      workingDirectory: '/work',
      environment: { A: '1', B: 'zwei' },
      gpuIndices: [0, 1],
      gpuCount: 2,
      gpuMemoryMB: 8192,
      nodeId: 'node-1',
    });
    expect(item['createdAt']).toEqual({ S: '2025-11-20T00:53:20.123456789Z' });
    expect((await store.get('job-1')).json).toBe(json);
    await store.close();
  });

  it('that replaced one of ours are Go items, without what only the document had', async () => {
    const { store, tableName } = await local.open();
    await store.create(newJob(FULL));
    await local.put(tableName, { ...itemOfGo('jobId', 'job-1'), jobStatus: { S: 'FAILED' } });
    expect(await store.get('job-1')).toMatchObject({ status: 'FAILED', version: 1 });
    expect((await store.update(newJob({ uuid: 'job-1', status: 'STOPPED' }))).version).toBe(2);
    await store.close();
  });

  it('are changed one change after the other, also by two services, though they have no version', async () => {
    const { store, tableName } = await local.open();
    const { store: other } = await local.open({ tableName });
    await local.put(tableName, itemOfGo('jobId', 'job-1'));
    const updates = Array.from({ length: 10 }, (_, index) =>
      [store, other][index % 2].update(
        newJob({ uuid: 'job-1', status: 'RUNNING', [`field${index}`]: index }),
      ),
    );
    await Promise.all(updates);
    const fields = JSON.parse((await store.get('job-1')).json);
    for (const index of updates.keys()) expect(fields[`field${index}`]).toBe(index);
    await Promise.all([store.close(), other.close()]);
  });
});

describeWithServer('attributes that others have changed', findDynamoDbLocal, () => {
  const local = new Local();

  async function change(TableName: string, expression: string, values: Item = {}): Promise<void> {
    await local.client.send(
      new UpdateItemCommand({
        TableName,
        Key: { jobId: { S: 'job-1' } },
        UpdateExpression: expression,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
      }),
    );
  }

  it('win over the document, and count as a change; all else stays', async () => {
    const { store, tableName } = await local.open();
    const created = await store.create(newJob(FULL));
    await change(tableName, 'SET jobStatus = :s, exitCode = :e, endTime = :t, args = :a', {
      ':s': { S: 'FAILED' },
      ':e': { N: '137' },
      ':t': { S: '2025-11-21T00:00:00Z' },
      ':a': { L: [{ S: 'other' }] },
    });
    const found = await store.get('job-1');
    expect(found).toMatchObject({ status: 'FAILED', version: 2, endTime: '2025-11-21T00:00:00.000000000Z' });
    const { version, updatedAt, ...before } = JSON.parse(created.json);
    expect({ version, updatedAt }).toEqual({ version: 1, updatedAt: expect.any(String) });
    expect(JSON.parse(found.json)).toEqual({
      ...before,
      status: 'FAILED',
      exitCode: 137,
      endTime: '2025-11-21T00:00:00Z',
      args: ['other'],
      updatedAt,
      version: 2,
    });
    expect(found.json).toContain('"future":[9007199254740993]');
    expect((await store.list({ status: 'FAILED' })).jobs).toHaveLength(1);
    await expect(store.update(newJob(FULL), { expectedVersion: 1 })).rejects.toMatchObject({
      code: 'LOCK_FAILED',
    });
    expect((await store.update(newJob(FULL), { expectedVersion: 2 })).version).toBe(3);
    expect((await store.get('job-1')).status).toBe('RUNNING');
    await store.close();
  });

  it('are none when only the fraction of a time was cut, or a number written otherwise', async () => {
    const { store, tableName } = await local.open();
    const { json } = await store.create(newJob(FULL));
    await change(tableName, 'SET startTime = :s, endTime = :e, pid = :p', {
      ':s': { S: '2025-11-20T00:53:20Z' },
      ':e': { S: '2025-11-20T01:55:00+01:00' },
      ':p': { N: '4242.0' },
    });
    expect((await store.get('job-1')).json).toBe(json);
    await store.close();
  });

  it('and that nobody here knows are fields, stay as they are, and become what an update says', async () => {
    const { store, tableName } = await local.open();
    const binary = { B: Uint8Array.from([0, 255]) };
    await store.create(newJob(FULL));
    await change(tableName, 'SET priority = :p, labels = :l, digest = :d', {
      ':p': { N: '5' },
      ':l': { SS: ['a'] },
      ':d': binary,
    });
    expect(JSON.parse((await store.get('job-1')).json)).toMatchObject({
      priority: 5,
      labels: ['a'],
      digest: 'AP8=',
    });
    await store.update(newJob({ ...FULL, priority: 6 }));
    const item = (await local.item(tableName, 'job-1')) ?? {};
    expect([item['priority'], item['labels'], item['digest']]).toEqual([{ N: '6' }, { SS: ['a'] }, binary]);
    await store.update(newJob({ ...FULL, priority: null }));
    expect((await local.item(tableName, 'job-1'))?.['priority']).toBeUndefined();
    expect(JSON.parse((await store.get('job-1')).json)).not.toHaveProperty('priority');
    await store.close();
  });

  it('to another type are left out: no client could read the list', async () => {
    const { store, tableName } = await local.open();
    await local.put(tableName, { ...itemOfGo('jobId', 'job-1'), pid: { S: 'x' }, startTime: { N: '5' } });
    const { jobs } = await store.list();
    expect(jobs).toHaveLength(1);
    expect(JSON.parse(jobs[0].json)).not.toHaveProperty('pid');
    expect(jobs[0].startTime).toBe('');
    await store.close();
  });

  it('until the item is no job: a list leaves it out, and health names it', async () => {
    const { store, tableName } = await local.open();
    await store.create(newJob({ uuid: 'job-2' }));
    await local.put(tableName, { jobId: { S: 'job-1' }, document: { S: '{"uuid":' } });
    expect((await store.list()).jobs.map(({ uuid }) => uuid)).toEqual(['job-2']);
    expect((await store.healthCheck()).details).toEqual(['the item job-1 is no job: lists leave it out']);
    await expect(store.get('job-1')).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(store.create(newJob({ uuid: 'job-1' }))).rejects.toMatchObject({ code: 'INTERNAL' });
    await store.close();
  });
});
