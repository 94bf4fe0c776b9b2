import {
  decodeRequest,
  encodeResponse,
  failure,
  toWireError,
  WireError,
  type Operation,
  type StateRequest,
  type WireCode,
} from '@joblet/state-store';
import { carryOut, type CarryOutOptions } from './carry-out.js';
import type { RequestLine } from './request-lines.js';

/** An answer's line, and what came of the request. */
export interface Answer {
  readonly line: string;
  /** Undefined: it could not be read so far. */
  readonly operation: Operation | undefined;
  readonly code: WireCode | 'ok';
  /** Why it failed, as the store said it; undefined for what is the sender's mistake. */
  readonly cause?: unknown;
}

/** The request of a line, or the answer to one that is none. */
export function readRequest(line: RequestLine, bytesMax: number): StateRequest | Answer {
  if ('problem' in line) return failed(undefined, problemOf(line.problem, bytesMax));
  try {
    return decodeRequest(line.text);
  } catch (error) {
    return failed(undefined, error instanceof WireError ? error : toWireError('ping', '', error));
  }
}

/** Does what is asked for. Does not reject. */
export async function answerTo(request: StateRequest, options: CarryOutOptions): Promise<Answer> {
  const { op, requestId } = request;
  try {
    return { line: encodeResponse(await carryOut(request, options)), operation: op, code: 'ok' };
  } catch (error) {
    return { ...failed(op, toWireError(op, requestId, error)), cause: error };
  }
}

function failed(operation: Operation | undefined, error: WireError): Answer {
  return { line: encodeResponse(failure(error)), operation, code: error.code };
}

function problemOf(problem: 'too long' | 'no room', bytesMax: number): WireError {
  if (problem === 'too long') return WireError.tooLong(bytesMax);
  return new WireError('UNAVAILABLE', 'UNAVAILABLE: too many large requests are on their way; try again');
}
