import { AssertionError } from 'node:assert/strict';
import { inspect } from 'node:util';
import { substringFilter } from '../filter.js';
import { hasFeature, type JobInfo } from '../features.js';
import { LogBatch, type NewLogRow } from '../log-batch.js';
import type { LogStore, WriteOptions } from '../log-store.js';
import { MetricBatch, type NewMetricRow } from '../metric-batch.js';
import type { LogQuery } from '../query.js';
import { readLogs, readMetrics } from './read.js';
import { TIME } from './rows.js';
import { sameList, shownLog, shownMetric } from './same-rows.js';
import { SeededRandom } from './seeded-random.js';
import type { Subject } from './subject.js';

const JOBS = ['a', 'b', 'c'];
const TEXTS = ['', 'a', 'ab', 'abc\n', '\n', 'b\0a', 'ä', '😀', 'ab'.repeat(3000)];
/** What random rows and windows take their times from: few, so that they meet. */
const TIMES = [...Array(12).keys()].map((index) => TIME + BigInt(index));

/** Does the same at random to a store and to its model, and compares the answers. */
export class RandomSession {
  private readonly subject: Subject;
  private readonly model: LogStore;
  private readonly random: SeededRandom;
  private steps = 0;

  constructor(subject: Subject, model: LogStore) {
    this.subject = subject;
    this.model = model;
    this.random = new SeededRandom(subject.seed);
  }

  async step(): Promise<void> {
    this.steps++;
    const kind = this.random.below(100);
    if (kind < 40) await this.write();
    else if (kind < 85) await this.read();
    else if (kind < 90) await this.delete();
    else if (kind < 95) await this.features();
    else if (this.subject.supports.durable) await this.subject.reopen();
  }

  /** Up to five writes that overlap. */
  private async write(): Promise<void> {
    const writes = Array.from({ length: 1 + this.random.below(5) }, () => {
      const options = this.writeOptions();
      if (this.random.chance(0.7)) {
        const batch = LogBatch.from(this.many(() => this.logRow()));
        return (store: LogStore) => store.writeLogs(batch, options);
      }
      const batch = MetricBatch.from(this.many(() => this.metricRow()));
      return (store: LogStore) => store.writeMetrics(batch, options);
    });
    await this.compare('writes', async (store) => {
      await Promise.all(writes.map((write) => write(store)));
      return [];
    });
  }

  private async read(): Promise<void> {
    const query = this.query();
    if (this.random.chance(0.7)) {
      const logQuery: LogQuery = {
        ...query,
        stream: this.random.below(3),
        ...(this.random.chance(0.4) && { filter: substringFilter(this.random.pick(TEXTS)) }),
      };
      await this.compare(`readLogs ${inspect(logQuery)}`, async (store) =>
        (await readLogs(store, logQuery)).map(shownLog),
      );
    } else {
      await this.compare(`readMetrics ${inspect(query)}`, async (store) =>
        (await readMetrics(store, query)).map(shownMetric),
      );
    }
  }

  private async delete(): Promise<void> {
    const jobId = this.random.pick(JOBS);
    const metricsOnly = this.random.chance(0.3);
    await this.compare(`deletion of ${jobId}`, async (store) => {
      if (!metricsOnly) await store.deleteJob(jobId);
      else if (hasFeature(this.subject.store, 'deleteMetrics') && hasFeature(store, 'deleteMetrics')) {
        await store.deleteMetrics(jobId);
      }
      return [];
    });
  }

  private async features(): Promise<void> {
    const { supports } = this.subject;
    const jobId = this.random.pick(JOBS);
    const sort = this.random.pick(['id', 'newest'] as const);
    const end = { time: TIME, exitCode: this.random.below(256) };
    if (supports.endRecords) {
      await this.compare(`end of ${jobId}`, async (store) => {
        if (hasFeature(store, 'endRecords')) await store.endJob(jobId, end);
        return [];
      });
    }
    if (supports.listJobs) {
      await this.compare(`jobs by ${sort}`, async (store) => {
        const jobs: object[] = [];
        if (!hasFeature(store, 'listJobs')) return jobs;
        for await (const job of store.listJobs({ sort })) jobs.push(shownInfo(job));
        return jobs;
      });
    }
    if (supports.stats) {
      await this.compare('stats', async (store) => {
        if (!hasFeature(store, 'stats')) return [];
        const { jobs, logRows, metricRows } = await store.stats();
        return [{ jobs, logRows, metricRows }];
      });
    }
  }

  private async compare(what: string, run: (store: LogStore) => Promise<object[]>): Promise<void> {
    const where = `seed ${this.subject.seed}, step ${this.steps}, ${what}`;
    const expected = await outcome(run, this.model);
    const found = await outcome(run, this.subject.store);
    sameList(found, expected, `items of the answer (${where})`);
  }

  private many<Row>(row: () => Row): Row[] {
    const count = this.random.chance(0.05) ? 400 : this.random.below(8);
    return Array.from({ length: count }, row);
  }

  private logRow(): NewLogRow {
    const content = this.random.chance(0.3)
      ? this.random.bytes(this.random.below(200))
      : Buffer.from(this.random.pick(TEXTS));
    return {
      jobId: this.random.pick(JOBS),
      stream: this.random.below(4),
      timestamp: this.random.pick(TIMES),
      sequence: BigInt(this.random.below(1000)),
      content,
    };
  }

  private metricRow(): NewMetricRow {
    const row = {
      jobId: this.random.pick(JOBS),
      timestamp: this.random.pick(TIMES),
      sequence: BigInt(this.random.below(1000)),
    };
    if (this.random.chance(0.1)) return row;
    const counter = () => BigInt(this.random.below(1e9)) * 2n ** 33n;
    const diskIo = { readBytes: counter(), writeBytes: counter(), readOps: 0n, writeOps: counter() };
    const data = { cpuUsage: this.random.below(1e6) / 7, memoryUsage: counter(), gpuUsage: 0 };
    return { ...row, data: this.random.chance(0.5) ? data : { ...data, diskIo } };
  }

  private writeOptions(): WriteOptions {
    if (!this.subject.supports.idempotentWrites || this.random.chance(0.5)) return {};
    const producer = this.random.pick(['one', 'two']);
    const frame = BigInt(this.steps + this.random.below(20));
    return { source: { producer, epoch: BigInt(this.random.below(2)), frame } };
  }

  private query(): LogQuery {
    const { random } = this;
    const counts = random.pick<Pick<LogQuery, 'limit' | 'offset' | 'tail'>>([
      {},
      { limit: random.below(30) },
      { offset: random.below(30) },
      { limit: random.below(500), offset: random.below(500) },
      { tail: random.below(30) },
      { tail: random.below(1000) },
    ]);
    const [first, last] = [random.pick(TIMES), random.pick(TIMES)];
    return {
      jobId: random.pick([...JOBS, 'unknown']),
      ...counts,
      ...(random.chance(0.2) && { startTime: first }),
      ...(random.chance(0.2) && { endTime: first > last ? first : last }),
      ...(random.chance(0.2) && { afterOrdinal: BigInt(random.below(100)) }),
    };
  }
}

/** What a call gave: its answer, or the code of its error. */
async function outcome(run: (store: LogStore) => Promise<object[]>, store: LogStore): Promise<unknown[]> {
  try {
    return await run(store);
  } catch (error) {
    const known = error instanceof Error && 'code' in error && !(error instanceof AssertionError);
    return [{ rejected: known ? error.code : String(error) }];
  }
}

/** What every store tells alike of a job. */
function shownInfo({ jobId, firstTime, lastTime, stdout, stderr, metrics, end }: JobInfo): object {
  const rows = { stdout: { ...stdout }, stderr: { ...stderr }, metrics: { ...metrics } };
  return { jobId, firstTime, lastTime, ...rows, end: end && { ...end } };
}
