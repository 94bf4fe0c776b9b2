import type { FileBlock } from '@joblet/storage-local';
import { EXIT_ALL_RIGHT, EXIT_DAMAGED } from './exit-codes.js';
import { offlineCommand, runOffline } from './offline-command.js';
import { print, shown, size, toJson, type Terminal } from './terminal.js';

const HELP = `
FILE is a job's .gz, its index (.idx), or a part of the write-ahead log (.wal) or a run (.run) below .joblet in base_dir.
Of an index, offset and length are those of the block that an entry is about.

Exit codes:
  0   all right
  1   a block is damaged
  64  wrong usage, or no file of a store
  69  the file cannot be read`;

/** `persist inspect FILE`; resolves to the exit code. */
export function runInspect(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = offlineCommand('inspect', 'Shows the blocks of a file.')
    .argument('FILE')
    .option('--json', 'print one JSON document: {"blocks": […]}; 64-bit numbers are strings', false)
    .addHelpText('after', HELP);
  return runOffline(command, argv, terminal, () => {
    const { json } = command.opts<{ readonly json: boolean }>();
    return inspect(command.args[0], json, terminal);
  });
}

async function inspect(file: string, json: boolean, { stdout }: Terminal): Promise<number> {
  const { inspectLocalFile } = await import('@joblet/storage-local');
  const { blocks, ...about } = await inspectLocalFile(file);
  let isDamaged = false;
  let count = 0;
  await print(
    stdout,
    json
      ? `${toJson(about).slice(0, -1)},"blocks":[`
      : `${shown(about.path)}: ${about.about}, ${size(about.bytes)}\n${row(HEADS)}`,
  );
  for await (const block of blocks) {
    isDamaged ||= block.problem !== undefined;
    await print(stdout, json ? `${count === 0 ? '' : ','}\n${toJson(block)}` : row(cells(block)));
    count++;
  }
  if (json) await print(stdout, '\n]}\n');
  return isDamaged ? EXIT_DAMAGED : EXIT_ALL_RIGHT;
}

const HEADS = ['offset', 'length', 'rows', 'ordinals', 'oldest', 'newest', 'content', 'ratio', 'checksum'];
const WIDTHS = [12, 9, 6, 17, 24, 24, 9, 6];

function cells(block: FileBlock): string[] {
  const { offset, length, rows, firstOrdinal, lastOrdinal, timeMin, timeMax, contentBytes, problem, what } =
    block;
  const isKnown = contentBytes !== undefined && contentBytes > 0n;
  return [
    String(offset),
    String(length),
    String(rows ?? ''),
    firstOrdinal === undefined ? '' : `${firstOrdinal}-${lastOrdinal}`,
    time(timeMin),
    time(timeMax),
    String(contentBytes ?? ''),
    isKnown ? (Number(contentBytes) / length).toFixed(1) : '',
    [problem ?? 'ok', ...(what === undefined ? [] : [what])].join('; '),
  ];
}

function row(texts: readonly string[]): string {
  return `${texts.map((text, column) => (column < WIDTHS.length ? text.padStart(WIDTHS[column]) : shown(text))).join('  ')}\n`;
}

/** Beyond what a date can be: the nanoseconds. */
function time(nanoseconds: bigint | undefined): string {
  if (nanoseconds === undefined) return '';
  const date = new Date(Number(nanoseconds / 1_000_000n));
  return Number.isNaN(date.getTime()) ? String(nanoseconds) : date.toISOString();
}
