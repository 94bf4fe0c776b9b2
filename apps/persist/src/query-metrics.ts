import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts and times every call of the query API, by method and code. */
export function queryMetrics(registry: Registry): Interceptor {
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
  return (next) => async (request) => {
    const method = request.method.name;
    const end = seconds.startTimer({ method });
    const count = (error?: unknown): void => {
      end();
      requests.inc({ method, code: error === undefined ? 'ok' : codeName(error) });
    };
    try {
      const response = await next(request);
      if (!response.stream) {
        count();
        return response;
      }
      return { ...response, message: counted(response.message, count) };
    } catch (error) {
      count(error);
      throw error;
    }
  };
}

async function* counted<Item>(
  items: AsyncIterable<Item>,
  count: (error?: unknown) => void,
): AsyncGenerator<Item> {
  let failure: unknown;
  try {
    yield* items;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    count(failure);
  }
}

function codeName(error: unknown): string {
  return Code[ConnectError.from(error).code].replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}
