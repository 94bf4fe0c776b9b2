import { checkConfig, type CheckedConfig, type CheckOptions } from '../check-config.js';
import { ConfigError, problemLine } from '../config-error.js';

/** What is said of a file with this text, on a machine called host-1. */
export async function checkText(yaml: string, options: CheckOptions = {}): Promise<CheckedConfig> {
  const files = { read: () => Promise.resolve(Buffer.from(yaml)), writable: () => Promise.resolve(true) };
  return checkConfig({
    file: '/etc/joblet/c.yml',
    env: {},
    homeDir: '/home/u',
    hostName: 'host-1',
    platform: 'linux',
    files,
    ...options,
  });
}

/** The lines of the errors, without the file's path in front. */
export async function errorLines(yaml: string, options: CheckOptions = {}): Promise<string[]> {
  const lines = await checkText(yaml, options).then(
    ({ problems }) => problems.map(problemLine),
    (error: unknown) => {
      if (error instanceof ConfigError) return error.message.split('\n');
      throw error;
    },
  );
  return lines.map(withoutFile);
}

export async function warningLines(yaml: string): Promise<string[]> {
  return (await checkText(yaml)).warnings.map(({ message }) => withoutFile(message));
}

function withoutFile(line: string): string {
  return line.replace(/^\/etc\/joblet\/c\.yml:/, '');
}
