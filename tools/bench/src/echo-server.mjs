// Sends back what comes, over the unix socket that it is told: what the socket and the runtime take by themselves.
import { createServer } from 'node:net';

createServer((socket) => socket.pipe(socket)).listen(process.argv[2], () => process.stdout.write('ready\n'));
