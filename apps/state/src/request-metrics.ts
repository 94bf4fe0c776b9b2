import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Answer } from './answer.js';
import type { Closed } from './connection.js';
import type { StateServer } from './state-server.js';

export interface RequestMetrics {
  answered(answer: Answer, durationMs: number): void;
  truncated(): void;
  closed(closed: Closed): void;
  refused(): void;
}

/** What /metrics tells of requests and connections. */
export function requestMetrics(
  registry: Registry,
  figures: () => ReturnType<StateServer['figures']>,
): RequestMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'state_requests_total',
    help: 'Requests that were answered, by operation and outcome',
    labelNames: ['op', 'code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'state_request_duration_seconds',
    help: 'Time from reading a request to its answer, by operation',
    labelNames: ['op'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1, 5],
    registers,
  });
  const truncated = new Counter({
    name: 'state_truncated_answers_total',
    help: 'Lists without a limit that left jobs out (bound: state.max_response_size)',
    registers,
  });
  const connections = new Counter({
    name: 'state_connections_total',
    help: 'Connections that are over, by what happened',
    labelNames: ['event'],
    registers,
  });
  const halfRequests = new Counter({
    name: 'state_half_requests_total',
    help: 'Connections that ended within a request, which was not carried out',
    registers,
  });
  const dropped = new Counter({
    name: 'state_dropped_answers_total',
    help: 'Answers that nobody took: the request was carried out, and the client had gone or was closed',
    registers,
  });
  const gauges = [
    ['state_connections', 'Open connections', 'connections'],
    ['state_requests_in_flight', 'Requests that are read and not answered', 'requestsInFlight'],
    ['state_half_request_bytes', 'Bytes of requests that have not arrived whole', 'halfRequestBytes'],
    ['state_unsent_bytes', 'Bytes of answers that clients have not taken', 'unsentBytes'],
  ] as const;
  for (const [name, help, figure] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(figures()[figure]);
      },
    });
  }
  return {
    answered: ({ operation: op = 'none', code }, durationMs) => {
      requests.inc({ op, code });
      seconds.observe({ op }, durationMs / 1_000);
    },
    truncated: () => truncated.inc(),
    closed: ({ reason, isWithinRequest, unanswered }) => {
      connections.inc({ event: reason });
      if (isWithinRequest) halfRequests.inc();
      dropped.inc(unanswered);
    },
    refused: () => connections.inc({ event: 'refused' }),
  };
}
