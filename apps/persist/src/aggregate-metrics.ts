import { Code, ConnectError } from '@connectrpc/connect';
import type { MetricRow } from '@joblet/storage';
import type { DiskIo, MetricData, NetworkIo } from '@joblet/wire';
import { AGGREGATION_STEPS_MAX, PERCENTILE_SAMPLES_MAX } from './limits.js';
import { invalid } from './query-request.js';

const INT64_MAX = 2n ** 63n - 1n;
const PERCENTILES = { p50: 50, p95: 95, p99: 99 } as const;
const AGGREGATIONS = ['avg', 'min', 'max', 'sum', 'count', 'p50', 'p95', 'p99'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export function parseAggregation(name: string): Aggregation {
  const found = AGGREGATIONS.find((aggregation) => aggregation === name);
  if (found) return found;
  throw invalid('aggregation', `is ${JSON.stringify(name)}; expected one of ${AGGREGATIONS.join(', ')}`);
}

/** The numbers of a sample by name: doubles for shares and cores, bigint for bytes and counts. */
type Value = number | bigint;
const DISK_IO = ['readBytes', 'writeBytes', 'readOps', 'writeOps'] as const satisfies (keyof DiskIo)[];
const NETWORK_IO = ['rxBytes', 'txBytes', 'rxPackets', 'txPackets'] as const satisfies (keyof NetworkIo)[];

/** One field over the samples of a step. Percentiles hold all values; the others one running value. */
interface Column {
  count: number;
  readonly values: Value[];
}

/** All samples of one step; a field's column exists once a sample had it. */
interface Step {
  readonly time: bigint;
  readonly columns: Map<string, Column>;
}

/** One value for each step that has samples, by time. */
export class MetricAggregator {
  private readonly aggregation: Aggregation;
  private readonly stepNs: bigint;
  private readonly rangeStart: bigint;
  private readonly steps = new Map<bigint, Step>();
  private samples = 0;

  /** `stepNs` 0: one value for the whole range, at `rangeStart` or the time of the first sample. */
  constructor(aggregation: Aggregation, stepNs: bigint, rangeStart: bigint) {
    if (stepNs < 0n) throw invalid('step', `is ${stepNs}; expected nanoseconds, or 0 for the whole range`);
    this.aggregation = aggregation;
    this.stepNs = stepNs;
    this.rangeStart = rangeStart;
  }

  add(row: MetricRow): void {
    if (!row.data) return;
    if (this.aggregation in PERCENTILES && ++this.samples > PERCENTILE_SAMPLES_MAX) {
      throw tooMany(
        `more than ${PERCENTILE_SAMPLES_MAX} samples for a percentile; ask for a shorter time range`,
      );
    }
    const { columns } = this.stepOf(row.timestamp);
    for (const [name, value] of valuesOf(row.data)) {
      const column = columns.get(name);
      if (column) this.fold(column, value);
      else columns.set(name, { count: 1, values: [value] });
    }
  }

  *results(): Generator<{ timestamp: bigint; data: MetricData }> {
    const steps = [...this.steps.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
    for (const { time, columns } of steps) {
      yield { timestamp: time, data: toMetricData((name) => this.result(columns.get(name))) };
    }
  }

  private stepOf(timestamp: bigint): Step {
    const key =
      this.stepNs === 0n ? 0n : timestamp - (((timestamp % this.stepNs) + this.stepNs) % this.stepNs);
    let step = this.steps.get(key);
    if (!step) {
      if (this.steps.size >= AGGREGATION_STEPS_MAX) {
        throw tooMany(
          `more than ${AGGREGATION_STEPS_MAX} steps; ask for a larger step or a shorter time range`,
        );
      }
      const whole = this.rangeStart > 0n ? this.rangeStart : timestamp;
      step = { time: this.stepNs === 0n ? whole : key, columns: new Map() };
      this.steps.set(key, step);
    }
    return step;
  }

  private fold(column: Column, value: Value): void {
    const { values } = column;
    column.count++;
    if (this.aggregation in PERCENTILES) values.push(value);
    else if (this.aggregation === 'min') values[0] = value < values[0] ? value : values[0];
    else if (this.aggregation === 'max') values[0] = value > values[0] ? value : values[0];
    else values[0] = add(values[0], value);
  }

  private result(column: Column | undefined): Value | undefined {
    if (!column) return undefined;
    const { count, values } = column;
    switch (this.aggregation) {
      case 'min':
      case 'max':
      case 'sum':
        return values[0];
      case 'avg':
        return divide(values[0], count);
      case 'count':
        return typeof values[0] === 'bigint' ? BigInt(count) : count;
      case 'p50':
      case 'p95':
      case 'p99':
        return nearestRank(values, PERCENTILES[this.aggregation]);
    }
  }
}

/** The smallest value that at least `percent` per cent of the values are not above. */
function nearestRank(values: readonly Value[], percent: number): Value {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1];
}

function valuesOf(data: MetricData): [name: string, value: Value][] {
  const values: [string, Value][] = [
    ['cpuUsage', data.cpuUsage],
    ['memoryUsage', data.memoryUsage],
    ['gpuUsage', data.gpuUsage],
  ];
  if (data.diskIo) for (const name of DISK_IO) values.push([name, data.diskIo[name]]);
  if (data.networkIo) for (const name of NETWORK_IO) values.push([name, data.networkIo[name]]);
  return values;
}

function toMetricData(valueOf: (name: string) => Value | undefined): MetricData {
  const double = (name: string) => Number(valueOf(name) ?? 0);
  const int = (name: string) => saturated(BigInt(valueOf(name) ?? 0));
  const data: MetricData = {
    cpuUsage: double('cpuUsage'),
    memoryUsage: int('memoryUsage'),
    gpuUsage: double('gpuUsage'),
  };
  if (valueOf('readBytes') !== undefined) {
    const [readBytes, writeBytes, readOps, writeOps] = DISK_IO.map(int);
    data.diskIo = { readBytes, writeBytes, readOps, writeOps };
  }
  if (valueOf('rxBytes') !== undefined) {
    const [rxBytes, txBytes, rxPackets, txPackets] = NETWORK_IO.map(int);
    data.networkIo = { rxBytes, txBytes, rxPackets, txPackets };
  }
  return data;
}

/** A sum may be more than the field can hold. */
function saturated(value: bigint): bigint {
  return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX - 1n ? -INT64_MAX - 1n : value;
}

function add(a: Value, b: Value): Value {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}

/** Integers are rounded to the nearest, half away from zero. */
function divide(sum: Value, count: number): Value {
  if (typeof sum === 'number') return sum / count;
  const divisor = BigInt(count);
  const half = divisor / 2n;
  return (sum < 0n ? sum - half : sum + half) / divisor;
}

function tooMany(message: string): ConnectError {
  return new ConnectError(message, Code.ResourceExhausted);
}
