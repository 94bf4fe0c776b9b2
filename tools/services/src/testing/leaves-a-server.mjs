// Starts a server, tells its process and folder on stdout, and never stops it.
import { startRedis } from '../../dist/index.js';

const { pid, folder } = await startRedis();
process.stdout.write(`${JSON.stringify({ pid, folder })}\n`);
if (process.argv[2] === 'stay') setInterval(() => {}, 60_000);
