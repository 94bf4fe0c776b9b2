import type { CliIo } from './cli-io.js';
import type { GlobalOptions } from './global-options.js';
import { stateConfig } from './service-config.js';

export interface StatePlace {
  readonly socketPath: string;
  /** `server.nodeId`; '' when no configuration was read. */
  readonly nodeId: string;
  /** By an option or the configuration; else the machine may have no state service at all. */
  readonly isGiven: boolean;
}

/**
 * Where the state service is. Undefined when the options name another service and not this one: a node elsewhere, or a
 * socket of persist alone.
 */
export async function findState(options: GlobalOptions, io: CliIo): Promise<StatePlace | undefined> {
  const { stateSocket, config, node, rnxConfig, socket, ipcSocket } = options;
  if (stateSocket !== undefined && config === undefined)
    return { socketPath: stateSocket, nodeId: '', isGiven: true };
  if (node !== undefined || rnxConfig !== undefined) return undefined;
  if (config === undefined && (socket !== undefined || ipcSocket !== undefined)) return undefined;
  const place = await stateConfig(options, io);
  return stateSocket === undefined ? place : { ...place, socketPath: stateSocket, isGiven: true };
}

/** Whether there is no state service on this machine, and nobody has said that there is: no reason to tell a person. */
export function isNoneThere({ isGiven }: StatePlace, error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return !isGiven && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
