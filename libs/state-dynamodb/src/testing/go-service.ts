import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

/** The fields that the Go service takes from an item; of another type, or absent: its zero value, left out here. */
export function readByGo(item: Item): Record<string, unknown> {
  const job: Record<string, unknown> = {};
  const take = (name: string, value: unknown): void => {
    if (value !== undefined) job[name] = value;
  };
  for (const name of ['jobId', 'job_uuid', 'jobStatus', 'command', 'nodeId', 'network', 'runtime', 'jobType'])
    take(name, item[name]?.S);
  take('workingDirectory', item['workingDirectory']?.S);
  for (const name of ['startTime', 'endTime', 'scheduledTime']) take(name, timeByGo(item[name]?.S));
  for (const name of ['exitCode', 'pid', 'gpuCount', 'gpuMemoryMB']) take(name, numberByGo(item[name]));
  for (const name of ['args', 'volumes'])
    take(
      name,
      item[name]?.L?.map(({ S = '' }) => S),
    );
  take('gpuIndices', item['gpuIndices']?.L?.map(numberByGo));
  const environment = Object.entries(item['environment']?.M ?? {}).map(([key, { S }]) => [key, S]);
  if (environment.length > 0) take('environment', Object.fromEntries(environment));
  return job;
}

/** What Go's time.Parse takes for RFC 3339. */
function timeByGo(text: string | undefined): number | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text ?? '');
  return isTime ? Date.parse(text ?? '') : undefined;
}

/** A text of digits, as `%d` scans it. */
function numberByGo(value: AttributeValue | undefined): number | undefined {
  const digits = /^-?\d+/.exec(value?.N ?? '');
  return digits ? Number(digits[0]) : undefined;
}

/** An item as the Go service writes it, of a newer version when the key is job_uuid. */
export function itemOfGo(key: 'jobId' | 'job_uuid', uuid: string): Item {
  const item: Item = {
    [key]: { S: uuid },
    jobStatus: { S: 'RUNNING' },
    command: { S: '/usr/bin/python3' },
    nodeId: { S: 'node-1' },
    startTime: { S: '2025-11-20T00:53:20Z' },
    pid: { N: '4242' },
    network: { S: 'bridge' },
    runtime: { S: 'python-3.11-ml' },
  };
  if (key === 'jobId') return item;
  return {
    ...item,
    args: { L: [{ S: 'train.py' }, { S: '--epochs' }] },
    jobType: { S: 'standard' },
    limits: { M: { cpu: { N: '50' }, cpuCores: { S: '0-1' }, memory: { N: '9007199254740993' } } },
    volumes: { L: [{ S: 'data' }] },
    workingDirectory: { S: '/work' },
    environment: { M: { A: { S: '1' }, B: { S: 'zwei' } } },
    gpuIndices: { L: [{ N: '0' }, { N: '1' }] },
    gpuCount: { N: '2' },
    gpuMemoryMB: { N: '8192' },
  };
}
