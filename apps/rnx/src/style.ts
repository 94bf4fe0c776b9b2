import pc from 'picocolors';

/** How text for a person looks; on anything but a terminal the functions change nothing. */
export interface Style {
  /** Lay out for a person; else for a program. */
  readonly terminal: boolean;
  bold(text: string): string;
  dim(text: string): string;
}

/** Colours only on a terminal, and neither with --no-color nor with NO_COLOR (https://no-color.org). */
export function styleOf(stream: { readonly isTTY?: boolean }, color: boolean, env: NodeJS.ProcessEnv): Style {
  const terminal = stream.isTTY === true;
  const { bold, dim } = pc.createColors(terminal && color && !env.NO_COLOR && env.TERM !== 'dumb');
  return { terminal, bold, dim };
}
