import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from '@jest/globals';
import { toClientError, type CallContext } from './to-client-error.js';

const context: CallContext = { target: '/run/p.sock', deadlineMs: 5, closed: false, signal: undefined };

function systemError(code: string): ConnectError {
  const error = new ConnectError(`connect ${code}`, Code.Internal);
  error.cause = Object.assign(new Error(`connect ${code}`), { code });
  return error;
}

describe('toClientError', () => {
  it.each([
    ['EACCES', 'PERMISSION_DENIED', 'no permission to use /run/p.sock; become the user who runs persist'],
    ['EPERM', 'PERMISSION_DENIED', 'no permission to use /run/p.sock; become the user who runs persist'],
    ['ENOTFOUND', 'UNAVAILABLE', 'the host of /run/p.sock cannot be found; check the address'],
    [
      'ECONNRESET',
      'UNAVAILABLE',
      'persist at /run/p.sock ended the connection: it is stopping, refuses this client, or this is not its query socket or address (persist.server.grpc_socket, grpc_address); try again, or name the right one',
    ],
    ['EXYZ', 'UNAVAILABLE', 'the connection to persist at /run/p.sock failed: connect EXYZ; try again'],
  ])('tells %s apart', (systemCode, code, message) => {
    expect(toClientError(systemError(systemCode), context)).toMatchObject({ code, message });
  });

  it('finds the cause of the cause', () => {
    const error = new ConnectError('outer', Code.Unknown);
    error.cause = systemError('EACCES');
    // A ConnectError's own code is a number, not the system's.
    expect(toClientError(error, context).code).toBe('PERMISSION_DENIED');
  });

  it('keeps what was thrown as the cause, whatever it was', () => {
    expect(toClientError('oops', context)).toMatchObject({ code: 'INTERNAL', cause: 'oops' });
    const tooLarge = new ConnectError('message size 5 is larger', Code.ResourceExhausted);
    expect(toClientError(tooLarge, context)).toMatchObject({ code: 'RESOURCE_EXHAUSTED', cause: tooLarge });
  });
});
