import { describe, expect, it } from '@jest/globals';
import { checkText, errorLines } from './testing/check-text.js';
import { serverTls, type TlsMaterials } from './tls-material.js';

const pem = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
const SECURITY = {
  serverCert: pem('CERTIFICATE'),
  serverKey: pem('EC PRIVATE KEY'),
  caCert: pem('CERTIFICATE'),
};
const TCP = { grpc_address: ':50052' };

async function tls(values: object): Promise<TlsMaterials | undefined> {
  const { config } = await checkText(JSON.stringify(values));
  return config && serverTls(config);
}

describe('serverTls', () => {
  it('takes the PEM text of the daemon where no files are named', async () => {
    expect(await tls({ security: SECURITY, persist: { server: TCP } })).toEqual({
      cert: { pem: SECURITY.serverCert },
      key: { pem: SECURITY.serverKey },
      ca: { pem: SECURITY.caCert },
    });
  });

  it('takes files first, certificate and key from the same place', async () => {
    const files = { cert_file: 'tls/cert.pem', key_file: '/k.pem' };
    expect(await tls({ security: SECURITY, persist: { server: { ...TCP, tls: files } } })).toEqual({
      cert: { file: '/etc/joblet/tls/cert.pem' },
      key: { file: '/k.pem' },
      ca: { pem: SECURITY.caCert },
    });
    const ca = await tls({ security: SECURITY, persist: { server: { ...TCP, tls: { ca_file: 'ca.pem' } } } });
    expect(ca?.ca).toEqual({ file: '/etc/joblet/ca.pem' });
  });

  it('has nothing by default', async () => {
    expect(await tls({})).toEqual({ cert: undefined, key: undefined, ca: undefined });
  });
});

describe('a TCP address', () => {
  const lines = (values: object): Promise<string[]> => errorLines(JSON.stringify(values));

  it('needs certificate, key, and what clients are checked against', async () => {
    expect(await lines({ persist: { server: TCP } })).toEqual(
      ['cert_file', 'key_file', 'ca_file'].map((key) =>
        expect.stringContaining(`persist.server.tls.${key}: found nothing, expected a path, or security.`),
      ),
    );
    const { caCert, ...withoutCa } = SECURITY;
    expect(caCert).not.toBe('');
    expect(await lines({ security: withoutCa, persist: { server: TCP } })).toHaveLength(1);
    const open = { ...TCP, tls: { client_auth: 'none' } };
    expect(await lines({ security: withoutCa, persist: { server: open } })).toEqual([]);
  });

  it('needs PEM text in security, which it does not look at otherwise', async () => {
    const security = { serverCert: '...', serverKey: '...', caCert: '...' };
    expect(await lines({ persist: {}, security })).toEqual([]);
    expect(await lines({ persist: { server: TCP }, security })).toEqual(
      ['serverCert', 'serverKey', 'caCert'].map((key) =>
        expect.stringContaining(`security.${key}: found text that is not shown, expected PEM text of a `),
      ),
    );
  });

  it.each([
    ['cert_file', 'key_file'],
    ['key_file', 'cert_file'],
  ])('%s needs %s beside it', async (one, other) => {
    expect(await lines({ persist: { server: { tls: { [one]: '/x' } } } })).toEqual([
      expect.stringContaining(
        `persist.server.tls.${other}: found nothing, expected a path, because ${one} is given`,
      ),
    ]);
  });
});
