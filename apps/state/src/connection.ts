import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { StateRequest } from '@joblet/state-store';
import { readRequest, type Answer } from './answer.js';
import type { Budget } from './budget.js';
import { REQUESTS_IN_FLIGHT_MAX, UNSENT_BYTES_MAX } from './limits.js';
import { RequestLines } from './request-lines.js';
import { RequestOrder } from './request-order.js';

export interface ConnectionOptions {
  readonly requestBytesMax: number;
  readonly halfRequests: Budget;
  /** When a client that takes nothing of its answers, or sends nothing more of a request, is closed. */
  readonly stuckMs: number;
  /** Does not reject. */
  readonly answer: (request: StateRequest) => Promise<Answer>;
  /** A request was answered, so long after it was read. */
  readonly onAnswer: (answer: Answer, durationMs: number) => void;
  readonly onClosed: (closed: Closed) => void;
}

export interface Closed {
  /** `stuck`: it took no answers, or sent nothing more of a request. */
  readonly reason: 'ended' | 'stuck' | 'failed';
  /** It ended within a request. */
  readonly isWithinRequest: boolean;
  /** Requests whose answers it has not taken, as far as the system tells. */
  readonly unanswered: number;
}

/** A request's place in the order of the answers. */
interface Place {
  line: string | undefined;
}

/**
 * One client. Its answers go out in the order of its requests. What it sends is read only while it takes its answers:
 * what is held for it is bounded, whatever it does.
 */
export class Connection {
  private readonly lines: RequestLines;
  private readonly order = new RequestOrder();
  /** Requests without an answer, and answers behind one of those. */
  private readonly places: Place[] = [];
  private isSending = false;
  /** The client sends nothing more. */
  private isEnded = false;
  private isDraining = false;
  /** Drained: nobody listens to it. */
  private isClosing = false;
  /** Whether it is being looked whether more comes. */
  private isListening = false;
  private chunks = 0;
  private reason: Closed['reason'] = 'ended';
  /** What came last was no whole request. */
  private isLastHalf = false;
  /** Answers that the socket was given, and has not handed on. */
  private unsentAnswers = 0;
  /** When the client last took something; of performance.now. */
  private tookMs = performance.now();

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.lines = new RequestLines(options.requestBytesMax, options.halfRequests);
    // Node looks whether bytes were taken meanwhile, before it says so.
    socket.setTimeout(options.stuckMs);
    socket.on('timeout', () => this.onIdle());
    socket.on('data', (chunk: Buffer) => {
      this.chunks++;
      this.lines.push(chunk);
      this.takeRequests();
    });
    socket.on('drain', () => {
      this.tookMs = performance.now();
      this.takeRequests();
    });
    socket.on('end', () => {
      this.isEnded = true;
      this.takeRequests();
    });
    socket.on('error', () => {
      if (this.reason === 'ended') this.reason = 'failed';
    });
    socket.on('close', () => this.onClose());
  }

  get requestsInFlight(): number {
    return this.places.length;
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  /** Since when, of performance.now. */
  get lastTookMs(): number {
    return this.tookMs;
  }

  /** Answers what has arrived, and closes. Of half a request, nothing is done. */
  async drain(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = once(this.socket, 'close');
    this.isDraining = true;
    this.takeRequests();
    await closed;
  }

  /** Closes it at once, for a client that takes no answers. */
  drop(): void {
    this.reason = 'stuck';
    this.socket.destroy();
  }

  private takeRequests(): void {
    while (!this.isClosing && this.hasRoom()) {
      const line = this.lines.next();
      if (line === undefined) break;
      this.take(readRequest(line, this.options.requestBytesMax));
    }
    if (this.isEnded && this.hasRoom()) this.takeLast();
    if (this.isEnded || this.isClosing || !this.hasRoom()) this.socket.pause();
    else this.socket.resume();
    if (this.places.length > 0) return;
    if (this.isEnded) this.end();
    else if (this.isDraining) this.endWhenQuiet();
  }

  /** Once the system has nothing more of what the client has sent: a turn of the event loop has brought nothing. */
  private endWhenQuiet(): void {
    if (this.isListening || this.isClosing) return;
    this.isListening = true;
    const { chunks } = this;
    setImmediate(() =>
      setImmediate(() => {
        this.isListening = false;
        this.isClosing = this.chunks === chunks && this.places.length === 0;
        if (this.isClosing) this.end();
        else this.takeRequests();
      }),
    );
  }

  /** A request that is whole needs no newline when nothing follows. */
  private takeLast(): void {
    const line = this.lines.last();
    if (line === undefined) return;
    const request = readRequest(line, this.options.requestBytesMax);
    this.isLastHalf = 'line' in request;
    this.take(request);
  }

  private hasRoom(): boolean {
    return (
      this.places.length < REQUESTS_IN_FLIGHT_MAX &&
      !this.order.isBlocked &&
      this.socket.writableLength <= UNSENT_BYTES_MAX &&
      !this.socket.destroyed
    );
  }

  private take(request: StateRequest | Answer): void {
    const startMs = performance.now();
    const place: Place = { line: undefined };
    this.places.push(place);
    const settle = (answer: Answer): void => {
      place.line = answer.line;
      this.options.onAnswer(answer, performance.now() - startMs);
      this.sendSoon();
    };
    if ('line' in request) settle(request);
    else void this.order.run(request, () => this.options.answer(request)).then(settle);
  }

  /**
   * Once for all that are answered by now, and after all connections have been read: clients that are answered one
   * behind the other are woken up once, which took half of the time of a request.
   */
  private sendSoon(): void {
    if (this.isSending) return;
    this.isSending = true;
    setImmediate(() => {
      this.isSending = false;
      this.send();
      this.takeRequests();
    });
  }

  private send(): void {
    let text = '';
    const before = this.places.length;
    for (let [place] = this.places; place?.line !== undefined; [place] = this.places) {
      text += place.line;
      this.places.shift();
    }
    if (text === '' || this.socket.destroyed) return;
    if (this.socket.writableLength === 0) this.tookMs = performance.now();
    const count = before - this.places.length;
    this.unsentAnswers += count;
    this.socket.write(text, (error) => {
      // Of what a destroyed socket still had, Node does not say that it failed.
      if (!error && !this.socket.destroyed) this.unsentAnswers -= count;
    });
  }

  private end(): void {
    // What the client may still send is read by nobody: it would wait for an answer.
    this.socket.end(() => this.socket.destroy());
  }

  private onIdle(): void {
    if (this.socket.writableLength > 0 || (this.lines.isWithinLine && this.places.length === 0)) this.drop();
  }

  private onClose(): void {
    const isWithinRequest = this.isLastHalf || this.lines.isWithinLine;
    this.lines.clear();
    const unanswered = this.places.length + this.unsentAnswers;
    this.options.onClosed({ reason: this.reason, isWithinRequest, unanswered });
  }
}
