import type { CliIo } from './cli-io.js';
import type { GlobalOptions } from './global-options.js';
import { readServiceConfig } from './service-config.js';

export interface StatePlace {
  readonly socketPath: string;
  /** `server.nodeId`; '' when no configuration was read. */
  readonly nodeId: string;
}

/**
 * Where the state service is. Undefined when the options name another service and not this one: a node elsewhere, or a
 * socket of persist alone.
 */
export async function findState(options: GlobalOptions, io: CliIo): Promise<StatePlace | undefined> {
  const { stateSocket, config, node, rnxConfig, socket, ipcSocket } = options;
  if (stateSocket !== undefined && config === undefined) return { socketPath: stateSocket, nodeId: '' };
  if (node !== undefined || rnxConfig !== undefined) return undefined;
  if (config === undefined && (socket !== undefined || ipcSocket !== undefined)) return undefined;
  const { state, server } = await readServiceConfig(options, io);
  return { socketPath: stateSocket ?? state.socket, nodeId: server.nodeId };
}
