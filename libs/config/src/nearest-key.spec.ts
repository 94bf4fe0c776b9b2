import { describe, expect, it } from '@jest/globals';
import { nearestKey } from './nearest-key.js';

const KNOWN = ['max_connections', 'max_message_size', 'socket', 'read_buffer'];

describe('nearestKey', () => {
  it.each([
    ['max_conections', 'max_connections'],
    ['maxConnections', 'max_connections'],
    ['MAX-CONNECTIONS', 'max_connections'],
    ['sockets', 'socket'],
    ['sokcet', 'socket'],
    ['readbuf', undefined],
    ['x', undefined],
    ['workers', undefined],
  ])('%s → %s', (key, nearest) => {
    expect(nearestKey(key, KNOWN)).toBe(nearest);
  });
});
