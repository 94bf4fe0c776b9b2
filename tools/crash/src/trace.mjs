/** What strace is asked for: every call of Node's that changes a disk. What else it could use is here to be noticed. */
export const TRACED = [
  ...['open', 'openat', 'creat', 'close', 'dup', 'dup2', 'dup3'],
  ...[
    'write',
    'pwrite64',
    'writev',
    'pwritev',
    'pwritev2',
    'ftruncate',
    'truncate',
    'fallocate',
    'copy_file_range',
  ],
  ...['fsync', 'fdatasync', 'sync', 'syncfs', 'sync_file_range', 'msync'],
  ...[
    'rename',
    'renameat',
    'renameat2',
    'unlink',
    'unlinkat',
    'rmdir',
    'mkdir',
    'mkdirat',
    'link',
    'linkat',
    'symlink',
  ],
];

export const STRACE = [
  'strace',
  '-f',
  '--seccomp-bpf',
  '-qq',
  '-xx',
  '-s',
  '4000000',
  '-e',
  `trace=${TRACED.join(',')}`,
  '-e',
  'signal=none',
];

/**
 * The calls in a trace of strace -f -xx, in the order of their lines, each as what happened: `begin` and `end`, apart
 * when another thread came between. Both name the same `call`: { name, args, result }; its result is known at the end.
 * @param {string} text
 */
export function* readTrace(text) {
  const unfinished = new Map();
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    const [, pid, rest] = /^(\d+)\s+(.*)$/s.exec(line) ?? [];
    if (rest === undefined || rest.startsWith('+++') || rest.startsWith('---')) continue;
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest);
    if (resumed) {
      const { call, head } = unfinished.get(pid);
      unfinished.delete(pid);
      complete(call, head + rest.slice(resumed[0].length));
      yield { kind: 'end', call };
      continue;
    }
    const open = rest.indexOf('(');
    const call = { name: rest.slice(0, open), args: [], result: undefined };
    const cut = rest.endsWith(' <unfinished ...>');
    const head = rest.slice(open + 1, cut ? -' <unfinished ...>'.length : undefined);
    call.args = splitArguments(head);
    if (cut) unfinished.set(pid, { call, head });
    else complete(call, head);
    yield { kind: 'begin', call };
    if (!cut) yield { kind: 'end', call };
  }
}

/** `text`: all behind the opening parenthesis. */
function complete(call, text) {
  const close = text.lastIndexOf(') ');
  call.args = splitArguments(text.slice(0, close));
  const result = /^\s*= (-?\d+|\?)/.exec(text.slice(close + 1))?.[1];
  call.result = result === undefined || result === '?' ? undefined : Number(result);
}

/** Arguments as they stand. Strings are hexadecimal (-xx), so that no comma or bracket is inside one. */
function splitArguments(text) {
  const args = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const char = text[at];
    if (char === '"') at = text.indexOf('"', at + 1);
    else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    else if ((char === ',' && depth === 0) || at === text.length) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
    }
    if (at < 0) throw new Error(`a string without an end: ${text.slice(0, 200)}`);
  }
  return args;
}

/** `"\x61\x62"`, as bytes. */
export function bytesOf(argument) {
  if (!argument.startsWith('"') || !argument.endsWith('"'))
    throw new Error(`found ${argument.slice(0, 80)}, expected a whole string`);
  return Buffer.from(argument.slice(1, -1).replaceAll('\\x', ''), 'hex');
}

/** What a vector of writev has: `[{iov_base="…", iov_len=3}, …]`. */
export function vectorOf(argument) {
  return Buffer.concat([...argument.matchAll(/iov_base=("[^"]*")/g)].map(([, text]) => bytesOf(text)));
}
