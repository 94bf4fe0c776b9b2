import { spawnSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, type JobInfo } from '@joblet/storage';
import { openLocalStore, type LocalStore } from '../index.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

const itAsUser = process.getuid?.() === 0 ? it.skip : it;

describe('something else in the place of a file', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let store: LocalStore;
  let path: string;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    store = await openLocalStore({ baseDirectory: directory });
    for (const jobId of ['job', 'other']) {
      const row = (stream: number) => ({ jobId, stream, timestamp: 1n, content: Buffer.from('x\n') });
      await store.writeLogs(LogBatch.from([row(1), row(2)]));
      await store.flush();
    }
    path = join(directory, 'logs/job/stdout.log.gz');
  });
  afterEach(async () => {
    await store.close();
    await remove();
  });

  async function listed(): Promise<JobInfo[]> {
    const jobs: JobInfo[] = [];
    for await (const job of store.listJobs()) jobs.push(job);
    return jobs;
  }

  it.each([
    ['a directory', () => mkdir(path)],
    ['a FIFO', () => Promise.resolve(spawnSync('mkfifo', [path]))],
    ['a symbolic link to nothing', () => symlink('/does/not/exist', path)],
    ['a symbolic link to itself', () => symlink('stdout.log.gz', path)],
  ])('%s is a gap; what is beside it is read', async (name, make) => {
    await rm(path);
    await make();
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
    expect(rows.map(({ ordinal, stream }) => [ordinal, stream])).toEqual([[1n, 2]]);
    expect(gaps[0]).toMatchObject({ stream: 1, reason: `there is no file, but ${name}: ${path}` });
    expect(await store.getJobInfo('job')).toMatchObject({ stdout: { rows: 0n }, stderr: { rows: 1n } });
    expect((await listed()).map(({ jobId }) => jobId)).toEqual(['job', 'other']);
  });

  it('a link to the file, or to the whole job, on another disk is followed', async () => {
    await rename(path, join(directory, 'moved.gz'));
    await symlink(join(directory, 'moved.gz'), path);
    await rename(join(directory, 'logs/other'), join(directory, 'moved'));
    await symlink(join(directory, 'moved'), join(directory, 'logs/other'));
    for (const jobId of ['job', 'other']) {
      const { rows, gaps } = await collect(store.readLogs({ jobId }));
      expect([rows.length, gaps]).toEqual([2, []]);
    }
    expect((await listed()).map(({ jobId }) => jobId)).toEqual(['job', 'other']);
  });

  itAsUser('a job behind a link that may not be followed is listed, as one that cannot be read', async () => {
    await mkdir(join(directory, 'closed'));
    await rename(join(directory, 'logs/other'), join(directory, 'closed/other'));
    await symlink(join(directory, 'closed/other'), join(directory, 'logs/other'));
    await chmod(join(directory, 'closed'), 0);
    expect(await listed()).toMatchObject([
      { jobId: 'job', gaps: 0 },
      { jobId: 'other', gaps: 1 },
    ]);
    await chmod(join(directory, 'closed'), 0o700);
  });

  itAsUser('a file that may not be read is an error that names it, and hides no other job', async () => {
    await chmod(path, 0);
    await expect(collect(store.readLogs({ jobId: 'job' }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(path),
    });
    expect(await listed()).toMatchObject([
      { jobId: 'job', gaps: 1 },
      { jobId: 'other', gaps: 0, stdout: { rows: 1n } },
    ]);
  });
});
