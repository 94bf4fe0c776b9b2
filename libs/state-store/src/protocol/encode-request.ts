import type { NewJob } from '../job.js';
import type { StateRequest } from './request.js';

/** The request as a line, its end included. `timestamp` is Unix time in seconds. */
export function encodeRequest(request: StateRequest, timestamp: number): string {
  const members = [`"op":"${request.op}"`, ...membersOf(request)];
  members.push(`"requestId":${JSON.stringify(request.requestId)}`, `"timestamp":${Math.floor(timestamp)}`);
  return `{${members.join(',')}}\n`;
}

function membersOf(request: StateRequest): string[] {
  switch (request.op) {
    case 'ping':
      return [];
    case 'create':
      return [`"job":${jsonOf(request.job)}`, ...given('owner', request.owner)];
    case 'update':
      return [
        `"job":${jsonOf(request.job)}`,
        ...given('owner', request.owner),
        ...given('expectedVersion', request.expectedVersion),
      ];
    case 'get':
      return given('jobId', request.uuid);
    case 'delete':
      return [...given('jobId', request.uuid), ...given('expectedVersion', request.expectedVersion)];
    case 'list':
      return given('filter', request.filter);
    case 'sync':
      return [
        `"jobs":[${request.jobs.map(jsonOf).join(',')}]`,
        ...given('nodeId', request.nodeId),
        ...given('owner', request.owner),
      ];
  }
}

function jsonOf({ fields }: NewJob): string {
  return `{${[...fields].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

function given(key: string, value: string | number | object | undefined): string[] {
  return value === undefined ? [] : [`"${key}":${JSON.stringify(value)}`];
}
