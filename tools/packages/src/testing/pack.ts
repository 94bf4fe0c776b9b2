import { join } from 'node:path';
import { run } from './run.js';
import { ROOT, type Workspace } from './workspaces.js';

/** What `npm pack` made of a workspace. */
export interface PackedPackage extends Workspace {
  /** The absolute path of the .tgz. */
  tarball: string;
  /** The paths of the files in it, relative to the package. */
  files: string[];
  /** What a registry tells of the tarball. */
  integrity: string;
  shasum: string;
}

interface PackReport {
  name: string;
  filename: string;
  integrity: string;
  shasum: string;
  files: { path: string }[];
}

/** Packs the workspaces as they are built now, as `npm publish` would, into a folder that exists. */
export async function packAll(workspaces: readonly Workspace[], into: string): Promise<PackedPackage[]> {
  const selected = workspaces.flatMap(({ manifest }) => ['--workspace', manifest.name]);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...selected];
  const { stdout } = await run('npm', args, { cwd: ROOT });
  const reports: PackReport[] = JSON.parse(stdout);
  return workspaces.map((workspace) => {
    const report = reports.find(({ name }) => name === workspace.manifest.name);
    if (!report) throw new Error(`npm pack made nothing of ${workspace.manifest.name}`);
    const { filename, files, integrity, shasum } = report;
    return {
      ...workspace,
      tarball: join(into, filename),
      files: files.map(({ path }) => path),
      integrity,
      shasum,
    };
  });
}
