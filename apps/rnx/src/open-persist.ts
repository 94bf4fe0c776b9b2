import type { PersistClient, PersistTarget } from '@joblet/client';
import type { CliIo } from './cli-io.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import type { GlobalOptions } from './global-options.js';
import { readServiceConfig } from './service-config.js';

/** A client of the service that the options name: a node over TLS, or else a socket of this machine. */
export async function openPersist(options: GlobalOptions, io: CliIo): Promise<PersistClient> {
  const target = await findPersist(options, io);
  const { createPersistClient } = await import('@joblet/client');
  return createPersistClient(target);
}

async function findPersist(options: GlobalOptions, io: CliIo): Promise<PersistTarget> {
  const { socket, node, rnxConfig } = options;
  if (node !== undefined || rnxConfig !== undefined) {
    if (socket !== undefined) {
      throw new CommandError(
        ExitCode.USAGE,
        '--socket and --node (or --rnx-config) name two services; leave one out',
      );
    }
    const { readNode } = await import('./rnx-config.js');
    const { persistAddress, ...tls } = await readNode(rnxConfig, node ?? 'default', io);
    return { address: persistAddress, tls };
  }
  if (socket !== undefined) return { socketPath: socket };
  const { persist } = await readServiceConfig(options, io);
  return { socketPath: persist.server.grpc_socket };
}
