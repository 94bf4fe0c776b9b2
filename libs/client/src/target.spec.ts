import { describe, expect, it } from '@jest/globals';
import { SOCKET_PATH_BYTES_MAX } from './limits.js';
import { endpointOf, type PersistTarget } from './target.js';

describe('endpointOf', () => {
  it('takes a socket path up to the limit of the system, counted in bytes', () => {
    const longest = `/${'x'.repeat(SOCKET_PATH_BYTES_MAX - 1)}`;
    expect(endpointOf({ socketPath: longest }).name).toBe(longest);
    const long = `/${'ü'.repeat(SOCKET_PATH_BYTES_MAX / 2 + 1)}`;
    for (const socketPath of ['', `${longest}x`, long]) {
      expect(() => endpointOf({ socketPath })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(socketPath) }),
      );
    }
  });

  it('takes names, IPv4 and IPv6 addresses with a port', () => {
    for (const address of ['localhost:1', '10.0.0.1:50052', '[::1]:65535', 'a-b.example.org:443']) {
      expect(endpointOf({ address, tls: {} })).toMatchObject({
        name: address,
        baseUrl: `https://${address}`,
      });
      expect(endpointOf({ address, insecure: true }).baseUrl).toBe(`http://${address}`);
    }
    const bad = [
      '',
      'localhost',
      ':50052',
      'host:',
      'host:65536',
      '::1:50052',
      'a b:1',
      'user@host:1',
      'host:1/x',
    ];
    for (const address of bad) {
      expect(() => endpointOf({ address, tls: {} })).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('expected host:port'),
        }),
      );
    }
  });

  it('demands TLS 1.2 and hands the PEM texts and the name on', () => {
    const target: PersistTarget = {
      address: 'h:1',
      tls: { ca: 'A', cert: 'B', key: 'C', serverName: 'joblet' },
    };
    expect(endpointOf(target).sessionOptions).toEqual({
      ca: 'A',
      cert: 'B',
      key: 'C',
      servername: 'joblet',
      minVersion: 'TLSv1.2',
    });
  });
});
