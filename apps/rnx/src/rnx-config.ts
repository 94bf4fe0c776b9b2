import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import type { CliIo } from './cli-io.js';

/** A server of rnx-config.yml, with certificates as PEM text. */
export type RnxNode = z.infer<typeof nodeSchema>;

const text = (what: string) => z.string(`expected ${what}`).min(1, `expected ${what}`);
const pem = (what: string) => text(what).startsWith('-----BEGIN ', `expected ${what}`);

const nodeSchema = z.object(
  {
    persistAddress: text('the address of persist as host:port (address is the daemon, not persist)'),
    ca: pem('the certificate of the authority as PEM text'),
    cert: pem('the certificate of this client as PEM text'),
    key: pem('the private key of this client as PEM text'),
    serverName: text("the name in the server's certificate").optional(),
  },
  'expected persistAddress, ca, cert and key',
);

const fileSchema = z.object({ nodes: z.record(z.string(), z.unknown()) });

/** Reads a node from the file that was named, or from the first of the default places that is there. */
export async function readNode(
  file: string | undefined,
  name: string,
  { cwd, env, homeDir }: Pick<CliIo, 'cwd' | 'env' | 'homeDir'>,
): Promise<RnxNode> {
  const configHome = env.XDG_CONFIG_HOME || join(homeDir, '.config');
  const places = [join(configHome, 'joblet/rnx-config.yml'), join(homeDir, '.rnx/rnx-config.yml')];
  const { path, content } = await readFirst(file === undefined ? places : [resolve(cwd, file)]);
  const parsed = fileSchema.safeParse(parseYaml(path, content));
  if (!parsed.success)
    throw wrong(`${path}: found no nodes; expected nodes.${name} with persistAddress, ca, cert, key`);
  const { nodes } = parsed.data;
  if (!Object.hasOwn(nodes, name)) {
    throw wrong(
      `${path} has no node ${JSON.stringify(name)}; it has ${Object.keys(nodes).join(', ') || 'none'}`,
    );
  }
  const node = nodeSchema.safeParse(nodes[name]);
  if (node.success) return node.data;
  const problems = node.error.issues.map(
    ({ path: keys, message }) => `${['nodes', name, ...keys].join('.')}: ${message}`,
  );
  // An empty text fails both checks of its field.
  throw wrong(`${path}: ${[...new Set(problems)].join('; ')}`);
}

async function readFirst(places: readonly string[]): Promise<{ path: string; content: string }> {
  for (const path of places) {
    try {
      return { path, content: await readFile(path, 'utf8') };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      throw wrong(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw wrong(`no rnx-config.yml at ${places.join(' nor ')}; name it with --rnx-config`);
}

function parseYaml(path: string, content: string): unknown {
  try {
    return parse(content);
  } catch (error) {
    throw wrong(`${path} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wrong(message: string): CommandError {
  return new CommandError(ExitCode.FAILED, message);
}
