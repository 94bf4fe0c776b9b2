import { createIpcServer, type IpcServer, type IpcServerEvent } from '@joblet/ipc/node';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Ingest } from './ingest.js';
import type { Ledger } from './ledger.js';

/** Message types that newer daemons send, by name; any other number is `other`, so that labels stay few. */
const KNOWN_TYPES: Record<number, string> = {
  0: 'unspecified',
  3: 'exec',
  4: 'connect',
  5: 'accept',
  6: 'socket_data',
  7: 'mmap',
  8: 'mprotect',
  9: 'file',
};

/** Writes a log line now and then, however often it is called; lines of one `kind` stand for each other. */
export type Warn = (kind: string, fields: object, message: string) => void;

export interface WriteChannelOptions {
  readonly ingest: Ingest;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly warn: Warn;
  readonly connectionsMax: number;
  readonly frameSizeMax: number;
  readonly budgetBytes: number;
}

/** Reads producers into the ingest, and counts and logs what happens to connections and messages. */
export function createWriteChannel(options: WriteChannelOptions): IpcServer {
  const { ingest, ledger, registry, logger, warn } = options;
  const registers = [registry];
  const unknownTypes = new Counter({
    name: 'persist_ipc_unknown_messages_total',
    help: 'Messages of a type that is not stored, by type',
    labelNames: ['type'],
    registers,
  });
  const connections = new Counter({
    name: 'persist_ipc_connections_total',
    help: 'Connections of producers, by what happened',
    labelNames: ['event'],
    registers,
  });
  const halfFrames = new Counter({
    name: 'persist_ipc_half_frames_total',
    help: 'Connections that ended inside a message',
    registers,
  });

  const onEvent = (event: IpcServerEvent): void => {
    if (event.type === 'server-error') {
      logger.error({ err: event.error }, 'the write channel cannot accept a connection');
      return;
    }
    connections.inc({ event: event.type === 'closed' ? event.reason : event.type });
    if (event.type === 'waiting') {
      warn('waiting', event, 'more producers than persist.ipc.max_connections: some wait to be read');
    } else if (event.type === 'closed') {
      if (event.halfFrameBytes > 0) halfFrames.inc();
      if (event.error || event.halfFrameBytes > 0) {
        warn(
          `closed ${event.reason}`,
          { ...event, err: event.error },
          'a producer went away inside a message, or badly',
        );
      }
    }
  };

  const server = createIpcServer({
    connectionsMax: options.connectionsMax,
    frameSizeMax: options.frameSizeMax,
    budgetBytes: options.budgetBytes,
    onEvent,
    createSink: (connection) => ({
      log: (bytes, message, line) => ingest.log(bytes, message, line),
      metric: (bytes, message, metric) => ingest.metric(bytes, message, metric),
      unknownType(type) {
        ledger.receive();
        ledger.reject('unknown_type');
        unknownTypes.inc({ type: KNOWN_TYPES[type] ?? 'other' });
        warn(
          `type ${KNOWN_TYPES[type] ?? 'other'}`,
          { type },
          'messages of a type that is not stored are skipped',
        );
      },
      undecodable(error, frameBytes) {
        ledger.receive();
        ledger.reject('undecodable');
        warn(
          'undecodable',
          { connection, frameBytes, err: error },
          'a message that does not decode is skipped',
        );
      },
    }),
  });
  new Gauge({
    name: 'persist_ipc_connections',
    help: 'Connections of producers, by whether they are read',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'read' }, server.connections);
      this.set({ state: 'waiting' }, server.waitingConnections);
    },
  });
  new Gauge({
    name: 'persist_ipc_half_frame_bytes',
    help: 'Bytes of messages that have not arrived whole',
    registers,
    collect() {
      this.set(server.heldBytes);
    },
  });
  return server;
}
