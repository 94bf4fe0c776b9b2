import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { PackedPackage } from './pack.js';

export interface Registry extends AsyncDisposable {
  /** The line of an `.npmrc` that takes packages of the scope from here; all others come from where they always come from. */
  npmrc: string;
}

/**
 * A registry on 127.0.0.1 that has the packed packages and nothing else, so that `npm install @joblet/storage` can be
 * run before anything is published. It lives in this process: run npm asynchronously (`run`), or it waits for ever.
 */
export async function startRegistry(packages: readonly PackedPackage[]): Promise<Registry> {
  const server = createServer(({ url: path = '/' }, response) => {
    const wanted = decodeURIComponent(path.slice(1));
    const named = packages.find(({ manifest }) => manifest.name === wanted);
    if (named) return answer(response, 200, packument(named, url));
    const file = packages.find(({ tarball }) => basename(tarball) === wanted);
    if (file) return createReadStream(file.tarball).pipe(response);
    return answer(response, 404, { error: `this registry has no ${wanted}` });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this type.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  return {
    ...registryAt(url),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A registry that runs already, and goes on running. */
export function registryAt(url: string): Registry {
  return { npmrc: `@joblet:registry=${url}\n`, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function packument({ manifest, tarball, integrity, shasum }: PackedPackage, url: string): unknown {
  const { name, version } = manifest;
  const dist = { tarball: `${url}${basename(tarball)}`, integrity, shasum };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

/** Not to be cached: the next registry on this port may have another build of the same version. */
function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
