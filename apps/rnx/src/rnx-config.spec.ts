import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readNode } from './rnx-config.js';

const PEM = ['ca', 'cert', 'key']
  .map((name) => `    ${name}: |\n      -----BEGIN ${name}-----\n      x`)
  .join('\n');
const GOOD = `nodes:\n  default:\n    address: "h:50051"\n    persistAddress: "h:50052"\n${PEM}\n`;

let folder: string;
const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const read = (file?: string, name = 'default', env: NodeJS.ProcessEnv = {}) =>
  readNode(file, name, { cwd: folder, env, homeDir: folder });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rnx-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('readNode', () => {
  it('finds the file in its places, best first', async () => {
    await expect(read()).rejects.toThrow(`no rnx-config.yml at ${folder}/.config/joblet/rnx-config.yml nor`);
    write('.rnx/rnx-config.yml', GOOD.replace('50052', '1'));
    expect((await read()).persistAddress).toBe('h:1');
    write('.config/joblet/rnx-config.yml', GOOD.replace('50052', '2'));
    expect((await read()).persistAddress).toBe('h:2');
    write('xdg/joblet/rnx-config.yml', GOOD.replace('50052', '3'));
    expect((await read(undefined, 'default', { XDG_CONFIG_HOME: join(folder, 'xdg') })).persistAddress).toBe(
      'h:3',
    );
    write('named.yml', GOOD);
    expect(await read('named.yml')).toEqual({
      persistAddress: 'h:50052',
      ca: '-----BEGIN ca-----\nx\n',
      cert: '-----BEGIN cert-----\nx\n',
      key: '-----BEGIN key-----\nx\n',
    });
  });

  it.each([
    [GOOD, 'other', 'n.yml has no node "other"; it has default'],
    [GOOD, 'toString', 'n.yml has no node "toString"'],
    ['nodes: {}', 'a', 'it has none'],
    ['version: 3', 'a', 'found no nodes; expected nodes.a with'],
    ['a: [', 'a', 'n.yml is not YAML: '],
    [
      'nodes: { default: { address: h:1 } }',
      'default',
      'nodes.default.persistAddress: expected the address of persist',
    ],
    [
      GOOD.replace('BEGIN key', 'key'),
      'default',
      'nodes.default.key: expected the private key of this client as PEM',
    ],
  ])('tells what is wrong: %j', async (text, name, message) => {
    write('n.yml', text);
    await expect(read('n.yml', name)).rejects.toThrow(message);
    await expect(read('n.yml', name)).rejects.toMatchObject({ exitCode: 1 });
  });

  it('tells that a file which was named is not there', async () => {
    await expect(read('nosuch.yml')).rejects.toThrow(`${folder}/nosuch.yml`);
  });
});
