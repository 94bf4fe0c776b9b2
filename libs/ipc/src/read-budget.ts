import { FRAME_HEADER_BYTES, READ_SIZE } from './limits.js';

/** What the budget sees of a connection. */
export interface HalfFrame {
  /** Bytes of it that arrived. */
  readonly heldBytes: number;
  /** Bytes that it still lacks; 0 when there is no half frame. */
  readonly missingBytes: number;
  /** Whether it may be finished outside the budget. */
  admitted: boolean;
}

/**
 * Decides who may be read, so that memory stays bounded and some half frame can always be finished.
 *
 * Used are the bytes of all half frames and what the app reports as pending; when they reach the budget, nobody is read.
 * Pending bytes go away by themselves, half frames do not: when they alone reach the budget, some are admitted, oldest
 * first, until the rest is below it. An admitted one does not count any more, and is read in any case. All that is
 * admitted, when complete, is at most one frame of the largest size; so memory is bounded by the budget and such a
 * frame, and by what one read brings beyond that: two reads for each connection.
 *
 * No deadlock: once nothing is pending, what is not admitted is below the budget, or each half frame that can be
 * admitted is; lengths that are half here do not use up the budget (which must be above 3 bytes for each connection).
 * A half frame that stalls keeps its room; it stops the others only when their half frames alone use up the budget and
 * none of them fits beside it.
 */
export class ReadBudget {
  heldBytes = 0;
  pendingBytes = 0;
  private readonly budgetBytes: number;
  private readonly admittedBytesMax: number;

  constructor(budgetBytes: number, frameSizeMax: number) {
    this.budgetBytes = budgetBytes;
    this.admittedBytesMax = frameSizeMax + FRAME_HEADER_BYTES;
  }

  /** Whether `admit` has to be asked. */
  get exceeded(): boolean {
    return this.heldBytes + this.pendingBytes >= this.budgetBytes;
  }

  /** Admits what it must; returns whether only admitted half frames may be read. */
  admit(halfFrames: Iterable<HalfFrame>): boolean {
    const candidates: HalfFrame[] = [];
    let counted = 0;
    let admitted = 0;
    let ceiling = this.budgetBytes + this.admittedBytesMax + READ_SIZE;
    for (const halfFrame of halfFrames) {
      ceiling += READ_SIZE;
      if (halfFrame.admitted) {
        admitted += halfFrame.heldBytes + halfFrame.missingBytes;
      } else {
        counted += halfFrame.heldBytes;
        if (halfFrame.missingBytes > 0) candidates.push(halfFrame);
      }
    }
    for (const halfFrame of candidates) {
      if (counted < this.budgetBytes) break;
      const { heldBytes, missingBytes } = halfFrame;
      if (admitted + heldBytes + missingBytes > this.admittedBytesMax) continue;
      if (this.pendingBytes + counted + admitted + missingBytes > ceiling) continue;
      halfFrame.admitted = true;
      admitted += heldBytes + missingBytes;
      counted -= heldBytes;
    }
    return counted + this.pendingBytes >= this.budgetBytes;
  }
}
