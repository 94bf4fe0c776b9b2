import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeIo, rnx } from '../testing/run-rnx.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rnx-config-'));
  file = join(folder, 'joblet-config.yml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (text: string): void => writeFileSync(file, text);

describe('rnx config check', () => {
  it('names the file and says that it is right', async () => {
    write('persist: {storage: {base_dir: /srv/joblet}}\n');
    const right = { code: 0, out: `${file}: no errors\n`, err: '' };
    expect(await rnx(`config check --config ${file}`)).toEqual(right);
    expect(await rnx(`-config ${file} config check`)).toEqual(right);
    expect(await rnx('config check', fakeIo({ JOBLET_CONFIG_PATH: file }))).toEqual(right);
  });

  it('says that there is no file', async () => {
    const { code, out, err } = await rnx('config check', { ...fakeIo(), cwd: folder, homeDir: folder });
    expect({ code, out }).toEqual({ code: 0, out: 'no file, built-in defaults: no errors\n' });
    expect(err).toMatch(/^note: no configuration file found: built-in defaults, base_dir .*\n$/);
  });

  it('tells all errors at once, and what persist cannot do yet is one', async () => {
    write(
      'persist:\n  storage: {retention: {archive_before_delete: true}}\n  writer: {queue_mb: 64mb, blok_kb: 1}\nlogging: {level: loud}\n',
    );
    const { code, out, err } = await rnx(`config check --config ${file}`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n')).toEqual([
      `error: ${file}:2:25: persist.storage.retention.archive_before_delete: found true, which is not built yet, expected false`,
      `error: ${file}:3:12: persist.writer.queue_mb: found "64mb" (text), expected a whole number from 1 to 1048576 (MiB)`,
      `error: ${file}:4:11: logging.level: found "loud", expected one of DEBUG, INFO, WARN, ERROR`,
      `warning: ${file}:3:28: unknown key persist.writer.blok_kb is ignored, did you mean block_kb?`,
      `rnx: ${file}: 3 errors, 1 warning`,
      '',
    ]);
  });

  it('tells what is not built of other programs without failing', async () => {
    write('persist:\nipc: {protocol: v2, when_full: spill}\n');
    const { code, out, err } = await rnx(`config check --config ${file}`);
    expect({ code, out }).toEqual({ code: 0, out: `${file}: no errors, 2 not built yet\n` });
    expect(err.match(/^not built yet: /gm)).toHaveLength(2);
  });

  it.each([
    ['a: [1\n', /^error: .*joblet-config\.yml:\d+:\d+: found .*, expected valid YAML\nrnx: .*: 1 error\n$/],
    [
      undefined,
      /^error: .*joblet-config\.yml: found no such file, expected a readable configuration file\nrnx: /,
    ],
  ])('tells what is no configuration at all: %j', async (text, message) => {
    if (text !== undefined) write(text);
    const { code, out, err } = await rnx(`config check --config ${file}`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
  });

  it('--effective prints a file that means the same, without secrets', async () => {
    write('persist: {storage: {base_dir: /srv/joblet}}\nsecurity: {serverKey: hunter2}\n');
    const { code, out, err } = await rnx(`config check --effective --config ${file}`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('grpc_socket: /srv/joblet/run/persist-grpc.sock\n');
    expect(out).not.toContain('hunter2');
    write(out);
    expect((await rnx(`config check --effective --config ${file}`)).out).toBe(out);
  });

  it('--json is one document', async () => {
    write('persist: {server: {max_connections: 0}}\nipc: {bufer_size: 1, protocol: v2}\n');
    const failed = await rnx(`config check --json --config ${file}`);
    expect(failed).toMatchObject({ code: 1, err: '' });
    const range = 'a whole number from 1 to 100000';
    expect(JSON.parse(failed.out)).toEqual({
      file,
      ok: false,
      errors: [
        {
          file,
          path: 'persist.server.max_connections',
          line: 1,
          column: 20,
          found: '0',
          expected: range,
          message: `${file}:1:20: persist.server.max_connections: found 0, expected ${range}`,
        },
      ],
      warnings: [expect.objectContaining({ path: 'ipc.bufer_size', line: 2, column: 7 })],
      not_built: [expect.objectContaining({ path: 'ipc.protocol', line: 2, column: 22 })],
      notes: [],
    });
    write('persist:\n');
    const right = JSON.parse((await rnx(`config check --json --effective --config ${file}`)).out);
    expect(right).toMatchObject({
      ok: true,
      errors: [],
      effective: { persist: { query: { max_concurrent: 32 } } },
    });
  });
});
