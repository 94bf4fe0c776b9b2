export { createIpcServer } from './ipc-server.js';
export type { DrainReport, IpcServer, IpcServerOptions } from './ipc-server.js';
export type { IpcServerEvent } from './ipc-server-event.js';
