// How long a Ping takes while lines come in: the daemon pings with a deadline of 2 s before every job. Producer and
// pings are the Go client, on the same machine. Limit: Ping of an idle persist in the same run.
import { print, withPersist } from './persist-process.mjs';

const LINES_PER_SECOND = 50_000;
const SECONDS = 20;
const PING_INTERVAL_MS = 20;

await withPersist(async (client, log) => {
  const ping = (seconds) =>
    client(
      'ping',
      '-interval',
      `${PING_INTERVAL_MS}ms`,
      '-count',
      String((seconds * 1_000) / (PING_INTERVAL_MS + 5)),
    );
  const idle = await ping(5);
  const lines = ['-lines', String(LINES_PER_SECOND * SECONDS), '-rate', String(LINES_PER_SECOND)];
  const produced = client('produce', ...log, '-jobs', '8', ...lines);
  const loaded = await ping(SECONDS);
  print('lines sent', (await produced).linesPerSecond, 'lines/s', LINES_PER_SECOND);
  for (const figure of ['p50', 'p99', 'max'])
    print(`ping ${figure} under load`, loaded[figure], 'ms', idle[figure]);
});
