import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import type { Owner, Supervised } from './supervised.js';

/** A self-signed certificate for 127.0.0.1 and localhost, good for a day. */
export interface Certificate {
  /** PEM: what a client is to trust. */
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export function findOpenssl(): string | undefined {
  return findProgram('openssl');
}

/** In the folder of the process, for its owner. Node cannot make certificates; openssl can. */
export async function makeCertificate(supervised: Supervised, owner?: Owner): Promise<Certificate> {
  const command = findOpenssl();
  if (command === undefined) throw new Error('expected openssl, which makes the certificate, found none');
  const certFile = join(supervised.folder, 'server.crt');
  const keyFile = join(supervised.folder, 'server.key');
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const args = ['req', '-x509', '-days', '1', ...key, ...names, '-out', certFile];
  await supervised.run({ command, args, owner });
  return { ca: await readFile(certFile, 'utf8'), certFile, keyFile };
}
