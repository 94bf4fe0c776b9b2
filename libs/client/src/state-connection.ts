import { connect, type Socket } from 'node:net';
import {
  decodeResponse,
  encodeRequest,
  StateStoreError,
  type StateRequest,
  type StateStoreErrorCode,
  type StateSuccess,
  type WireCode,
} from '@joblet/state-store';
import { MESSAGE_SIZE_MAX, STATE_REQUESTS_MAX } from './limits.js';

/** A request without its id, which the connection gives it. */
export type StateCall = StateRequest extends infer Request
  ? Request extends StateRequest
    ? Omit<Request, 'requestId'>
    : never
  : never;

interface Waiting {
  readonly requestId: string;
  readonly timer: NodeJS.Timeout;
  resolve(answer: StateSuccess): void;
  reject(error: StateStoreError): void;
}

const NEWLINE = 0x0a;

/** One connection to the state service, made at once. Its answers come in the order of its requests. */
export class StateConnection {
  private readonly socket: Socket;
  private readonly waiting: Waiting[] = [];
  private parts: Buffer[] = [];
  private partBytes = 0;
  private sent = 0;
  private problem: StateStoreError | undefined;

  /** `onClosed` is told once, with the reason. */
  constructor(
    private readonly path: string,
    private readonly deadlineMs: number,
    private readonly onConnected: () => void,
    private readonly onClosed: (reason: StateStoreError) => void,
  ) {
    this.socket = connect(path);
    this.socket.on('connect', () => this.onConnected());
    this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.socket.on('error', (error) => this.fail(unavailable(path, reasonOf(error), error)));
    this.socket.on('close', () => {
      this.fail(unavailable(path, 'the connection was closed'));
      this.onClosed(this.problem ?? StateStoreError.closed());
    });
  }

  get isClosed(): boolean {
    return this.problem !== undefined;
  }

  /** Rejects with what the service answers, or UNAVAILABLE when the request may have been carried out. */
  async call(call: StateCall): Promise<StateSuccess> {
    if (this.problem !== undefined) throw this.problem;
    if (this.waiting.length >= STATE_REQUESTS_MAX) {
      throw unavailable(this.path, `${STATE_REQUESTS_MAX} requests have no answer yet`);
    }
    const requestId = String(++this.sent);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.fail(unavailable(this.path, `no answer within ${this.deadlineMs} ms`));
      }, this.deadlineMs);
      this.waiting.push({ requestId, timer, resolve, reject });
      this.socket.write(encodeRequest({ ...call, requestId }, Date.now() / 1_000));
    });
  }

  close(): void {
    this.fail(StateStoreError.closed());
  }

  private fail(reason: StateStoreError): void {
    if (this.problem !== undefined) return;
    this.problem = reason;
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(reason);
    }
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const text = Buffer.concat([...this.parts, chunk.subarray(from, end)]).toString();
      this.parts = [];
      this.partBytes = 0;
      from = end + 1;
      this.answer(text);
    }
    const rest = chunk.subarray(from);
    this.partBytes += rest.length;
    if (rest.length > 0) this.parts.push(rest);
    if (this.partBytes > MESSAGE_SIZE_MAX)
      this.fail(unavailable(this.path, `an answer is longer than ${MESSAGE_SIZE_MAX} bytes`));
  }

  private answer(text: string): void {
    const first = this.waiting.shift();
    if (first === undefined) return this.fail(unavailable(this.path, 'it answered what nobody asked'));
    clearTimeout(first.timer);
    try {
      const answer = decodeResponse(text);
      if (answer.success) {
        // Answers of the Go service to what it cannot read have no id.
        if (answer.requestId !== first.requestId) throw new Error('an answer is to another request');
        return first.resolve(answer);
      }
      first.reject(new StateStoreError(codeOf(answer.code), answer.error));
    } catch (error) {
      const reason = unavailable(this.path, 'it does not speak the protocol of the state service', error);
      first.reject(reason);
      this.fail(reason);
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; is it running?',
  ECONNREFUSED: 'nobody listens there; is it running?',
  EACCES: 'this user may not use its socket (state.socket_mode)',
};

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return Object.hasOwn(REASONS, code) ? REASONS[code] : error.message;
}

function codeOf(code: WireCode): StateStoreErrorCode {
  return code === 'UNKNOWN_OPERATION' ? 'INTERNAL' : code;
}

function unavailable(path: string, reason: string, cause?: unknown): StateStoreError {
  return new StateStoreError('UNAVAILABLE', `the state service at ${path} cannot be asked: ${reason}`, {
    cause,
  });
}
