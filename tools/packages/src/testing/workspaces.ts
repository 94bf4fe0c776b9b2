import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** What is used here of a package.json. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  type?: string;
  bin?: Record<string, string>;
  exports?: string | Record<string, unknown>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export interface Workspace {
  /** Absolute. */
  folder: string;
  manifest: Manifest;
}

export function readManifest(file: string): Manifest {
  const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
  return manifest;
}

/** The packages that are published: all in libs and apps that are not private. */
export function publishedWorkspaces(): Workspace[] {
  return ['libs', 'apps'].flatMap(workspacesIn).filter(({ manifest }) => !manifest.private);
}

/** The packages of examples: private, since they stand for somebody else's, but packed like the others. */
export function exampleWorkspaces(): Workspace[] {
  return workspacesIn('examples');
}

function workspacesIn(parent: string): Workspace[] {
  return readdirSync(join(ROOT, parent))
    .map((name) => join(ROOT, parent, name, 'package.json'))
    .filter((file) => existsSync(file))
    .map((file) => ({ folder: dirname(file), manifest: readManifest(file) }));
}
