import type { JobletConfig } from './config-schema.js';
import { valueAt } from './known-keys.js';

/** A file's path, or the PEM text itself. */
export type TlsMaterial =
  { readonly file: string; readonly pem?: undefined } | { readonly pem: string; readonly file?: undefined };

export interface TlsMaterials {
  readonly cert: TlsMaterial | undefined;
  readonly key: TlsMaterial | undefined;
  /** What clients' certificates are checked against. */
  readonly ca: TlsMaterial | undefined;
}

/**
 * The certificates for `persist.server.grpc_address`: the files that `persist.server.tls` names, else those that the
 * daemon has in `security`. Certificate and key always come from the same place.
 */
export function serverTls(config: JobletConfig): TlsMaterials {
  return tlsOf((path) => {
    const value = valueAt(config, path.split('.'));
    return typeof value === 'string' && value !== '' ? value : undefined;
  });
}

export function tlsOf(textAt: (path: string) => string | undefined): TlsMaterials {
  const fromFile = (name: string): TlsMaterial | undefined => {
    const file = textAt(`persist.server.tls.${name}`);
    return file === undefined ? undefined : { file };
  };
  const inherited = (name: string): TlsMaterial | undefined => {
    const pem = textAt(`security.${name}`);
    return pem === undefined ? undefined : { pem };
  };
  const [certFile, keyFile] = [fromFile('cert_file'), fromFile('key_file')];
  const ca = fromFile('ca_file') ?? inherited('caCert');
  if (certFile !== undefined || keyFile !== undefined) return { cert: certFile, key: keyFile, ca };
  return { cert: inherited('serverCert'), key: inherited('serverKey'), ca };
}
