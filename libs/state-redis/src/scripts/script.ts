import { createHash } from 'node:crypto';
import { COMMON } from './common.js';

/** A script as Redis knows it: by its text, and then by the SHA-1 of it. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function makeScript(body: string): Script {
  const text = COMMON + body;
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
