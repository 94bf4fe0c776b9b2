import { Code, type ConnectError } from '@connectrpc/connect';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts and times every call of the query API, by method and outcome. */
export function queryMetrics(
  registry: Registry,
): (method: string) => (failure: ConnectError | undefined) => void {
  const requests = new Counter({
    name: 'persist_query_requests_total',
    help: 'Calls of the query API, by method and outcome',
    labelNames: ['method', 'code'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'persist_query_duration_seconds',
    help: 'Time until the last row of an answer was handed over, by method',
    labelNames: ['method'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
    registers: [registry],
  });
  return (method) => {
    const end = seconds.startTimer({ method });
    return (failure) => {
      end();
      requests.inc({ method, code: failure ? codeName(failure.code) : 'ok' });
    };
  };
}

/** As gRPC spells it, in lower case. */
function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}
