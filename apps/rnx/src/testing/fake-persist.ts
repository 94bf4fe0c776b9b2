import { createServer, type ServerHttp2Session } from 'node:http2';
import type { ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { PersistService } from '@joblet/proto/persist';

export type FakeMethods = Partial<ServiceImpl<typeof PersistService>>;

/** A request listener that answers as it is told. */
export const fakePersist = (methods: FakeMethods): ReturnType<typeof connectNodeAdapter> =>
  connectNodeAdapter({ acceptCompression: [], routes: (router) => router.service(PersistService, methods) });

/** The same on a unix socket. */
export async function startFakePersist(path: string, methods: FakeMethods): Promise<AsyncDisposable> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer(fakePersist(methods));
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((done) => server.listen({ path }, done));
  return {
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
