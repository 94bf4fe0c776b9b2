import type { MetricData } from './messages.js';

/** A metric's data as JSON: keys in the order of the fields, absent when zero; NaN and infinities are strings. */
export function metricDataJson(data: MetricData): string {
  return object([
    double('cpu_usage', data.cpuUsage),
    integer('memory_usage', data.memoryUsage),
    double('gpu_usage', data.gpuUsage),
    data.diskIo &&
      `"disk_io":${object([
        integer('read_bytes', data.diskIo.readBytes),
        integer('write_bytes', data.diskIo.writeBytes),
        integer('read_ops', data.diskIo.readOps),
        integer('write_ops', data.diskIo.writeOps),
      ])}`,
    data.networkIo &&
      `"network_io":${object([
        integer('rx_bytes', data.networkIo.rxBytes),
        integer('tx_bytes', data.networkIo.txBytes),
        integer('rx_packets', data.networkIo.rxPackets),
        integer('tx_packets', data.networkIo.txPackets),
      ])}`,
  ]);
}

function object(members: (string | undefined)[]): string {
  return `{${members.filter((member) => member !== undefined).join(',')}}`;
}

function integer(key: string, value: bigint): string | undefined {
  return value === 0n ? undefined : `"${key}":${value}`;
}

/** Go's encoding/json took over JavaScript's format of numbers; only -0 differs. */
function double(key: string, value: number): string | undefined {
  if (Object.is(value, 0)) return undefined;
  if (Object.is(value, -0)) return `"${key}":-0`;
  return Number.isFinite(value) ? `"${key}":${value}` : `"${key}":"${value}"`;
}
