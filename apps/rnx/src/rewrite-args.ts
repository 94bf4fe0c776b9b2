import type { Command } from 'commander';

/**
 * Joblet's programs take `-config FILE`, which commander would read as a group of short options: gives each long
 * option that has one dash its second. What follows `--`, and what belongs to the command of `passThrough` (the names
 * before it), is left alone.
 */
export function rewriteArgs(
  args: readonly string[],
  program: Command,
  passThrough: readonly string[],
): string[] {
  const takesValue = longOptions(program);
  const names: string[] = [];
  const rewritten: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === '--') return [...rewritten, ...args.slice(index)];
    if (!arg.startsWith('-')) {
      names.push(arg);
      rewritten.push(arg);
      const behind = names.length === passThrough.length + 1;
      if (behind && passThrough.every((name, at) => names[at] === name)) {
        return [...rewritten, ...args.slice(index + 1)];
      }
      continue;
    }
    const long = `--${arg.replace(/^--?/, '').replace(/=.*/s, '')}`;
    rewritten.push(takesValue.has(long) && !arg.startsWith('--') ? `-${arg}` : arg);
    const hasValue = takesValue.get(long) && !arg.includes('=') && index + 1 < args.length;
    if (hasValue) rewritten.push(args[++index]);
  }
  return rewritten;
}

/** Every long option of a command and those below it, and whether the next argument is its value. */
function longOptions(command: Command, found = new Map<string, boolean>()): Map<string, boolean> {
  for (const { long, required } of command.options) if (long) found.set(long, required);
  for (const child of command.commands) longOptions(child, found);
  return found;
}
