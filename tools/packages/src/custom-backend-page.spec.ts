import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseBlocks, type Block } from './custom-backend-page.blocks.js';
import { openShell, type Shell } from './custom-backend-page.shell.js';
import { createEmptyFolder } from './testing/empty-folder.js';
import { packAll } from './testing/pack.js';
import { startRegistry } from './testing/registry.js';
import { publishedWorkspaces, ROOT } from './testing/workspaces.js';

/** Three npm installs, and the suite of the contract. */
const PAGE_TIMEOUT_MS = 600_000;

let page = await readFile(join(ROOT, 'docs/custom-backend.md'), 'utf8');
// The page's ports may be taken here.
for (const port of ['19092', '19093']) page = page.replaceAll(port, String(await freePort()));
const blocks = parseBlocks(page);
const resources: AsyncDisposable[] = [];

/** The folder that the page's first command makes. */
let folder: string;
let shell: Shell;

beforeAll(async () => {
  const packed = keep(await createEmptyFolder());
  const registry = keep(await startRegistry(await packAll(publishedWorkspaces(), packed.path)));
  const outside = keep(await createEmptyFolder());
  folder = join(outside.path, 'my-store');
  // What the reader's npm has by itself: a registry with our packages.
  for (const name of ['my-store', 'service']) {
    await mkdir(join(outside.path, name));
    await writeFile(join(outside.path, name, '.npmrc'), registry.npmrc);
  }
  shell = keep(openShell(outside.path));
});
afterAll(async () => {
  for (const resource of resources.reverse()) await resource[Symbol.asyncDispose]();
});

function keep<Resource extends AsyncDisposable>(resource: Resource): Resource {
  resources.push(resource);
  return resource;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The same for the page and for what was printed here: without what differs from run to run. */
function comparable(output: string): string {
  return output
    .replaceAll(folder, '/home/you/my-store')
    .replace(/^npm (warn|notice) .*\n/gm, '')
    .replace(/(_total) \d+$/gm, '$1 <number>')
    .trimEnd();
}

async function follow(block: Block): Promise<void> {
  if (block.kind === 'listing') return writeFile(join(folder, block.file), block.text);
  if (block.kind === 'script') return void (await shell.run(block.text));
  for (const { command, output } of block.steps) {
    const printed = await shell.run(command, true);
    expect({ command, output: comparable(printed) }).toEqual({ command, output: comparable(output) });
  }
}

describe('docs/custom-backend.md', () => {
  it(
    'every block does what the page says, from the first to the last',
    async () => {
      for (const block of blocks) {
        try {
          await follow(block);
        } catch (error) {
          if (error instanceof Error) error.message = `line ${block.line}: ${error.message}`;
          throw error;
        }
      }
    },
    PAGE_TIMEOUT_MS,
  );

  it('the store that it makes is the example', async () => {
    for (const name of ['keys.js', 'database.js', 'index.js', 'index.test.js']) {
      const listing = blocks.find((block) => block.kind === 'listing' && block.file === name);
      const text = await readFile(join(ROOT, 'examples/custom-backend', name), 'utf8');
      expect(listing).toMatchObject({ text });
    }
  });

  it.each(['```text\nhello\n```\n', '```\nhello\n```\n', '```js\nhello();\n```\n'])(
    'a block that nobody would run is refused: %j',
    (block) => {
      expect(() => parseBlocks(`# A page\n\n${block}`)).toThrow(/^line 3: a block of/);
    },
  );
});
