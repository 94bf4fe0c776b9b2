import { readFile } from 'node:fs/promises';
import type { JobletConfig } from '@joblet/config';
import { EXIT_CONFIG, messageOf, StartError } from '@joblet/service';
import { readSecretKeys, type SecretKey } from '@joblet/state-store';

const VARIABLE = 'JOBLET_STATE_KEY';

/** Those of the file that the configuration names, else of the environment; none of neither. Rejects with StartError. */
export async function configuredKeys(
  { secret_key_file: file }: Pick<JobletConfig['state'], 'secret_key_file'>,
  env: NodeJS.ProcessEnv,
): Promise<readonly SecretKey[]> {
  if (file !== '') return keysOf(`state.secret_key_file ${file}`, await readKeyFile(file));
  const text = env[VARIABLE] ?? '';
  return text === '' ? [] : keysOf(VARIABLE, text);
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StartError(EXIT_CONFIG, `state.secret_key_file: ${messageOf(error)}`, { cause: error });
  }
}

function keysOf(source: string, text: string): readonly SecretKey[] {
  try {
    return readSecretKeys(text);
  } catch (error) {
    throw new StartError(EXIT_CONFIG, `${source}: ${messageOf(error)}`, { cause: error });
  }
}
