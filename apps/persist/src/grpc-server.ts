import { constants, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { MESSAGE_BYTES_MAX } from './limits.js';

export interface GrpcServer {
  /** Not listening yet: the caller decides where. */
  readonly server: Http2Server;
  /** No new queries; those under way may go on for `timeoutMs`, then their connections are cut. */
  close(timeoutMs: number): Promise<void>;
}

/** gRPC, gRPC-Web and Connect over HTTP/2 without TLS: for a unix socket. */
export function createGrpcServer(options: {
  readonly routes: (router: ConnectRouter) => void;
  /** Streams at a time, for each connection. */
  readonly streamsMax: number;
  /** A stream on which nothing moves for so long is cut: its client does not read. */
  readonly stuckStreamMs: number;
}): GrpcServer {
  const sessions = new Set<ServerHttp2Session>();
  const adapter = connectNodeAdapter({
    routes: options.routes,
    // On one machine compression costs more than it saves: small messages become four times slower.
    acceptCompression: [],
    readMaxBytes: MESSAGE_BYTES_MAX,
    writeMaxBytes: MESSAGE_BYTES_MAX,
  });
  const server = createServer(
    { settings: { maxConcurrentStreams: options.streamsMax } },
    (request, response) => {
      // Clients of a unix socket send what they like as authority: some the path of the socket, which is no host.
      request.headers[':authority'] = 'localhost';
      try {
        adapter(request, response);
      } catch {
        // The adapter makes a URL of the path at once, and throws when it is none.
        response.writeHead(400).end();
      }
    },
  );
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // A client that vanishes is no event of ours: its queries end by their abort signals.
    session.on('error', () => session.destroy());
  });
  server.on('stream', (stream) => {
    stream.setTimeout(options.stuckStreamMs, () => stream.close(constants.NGHTTP2_CANCEL));
  });
  return {
    server,
    async close(timeoutMs) {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, timeoutMs);
      await closed;
      clearTimeout(cut);
    },
  };
}
