import type { IpcConnection } from './ipc-connection.js';
import type { ReadBudget } from './read-budget.js';

/** The connections that are read: lets each of them be read or not, as the pauses and the budget say. */
export class ReadGate {
  private readonly members = new Set<IpcConnection>();
  private readonly pauseReasons = new Set<string>();
  private readonly budget: ReadBudget;
  private readonly onRelease: () => void;
  /** Whether there is a pause, or the budget has to be asked. */
  private isLimited = false;
  private isWithheld = false;

  /** `onRelease` is called when reading has been withheld and is no more. */
  constructor(budget: ReadBudget, onRelease: () => void) {
    this.budget = budget;
    this.onRelease = onRelease;
  }

  /** Whether some connections may not be read. */
  get withheld(): boolean {
    return this.isWithheld;
  }

  get connections(): ReadonlySet<IpcConnection> {
    return this.members;
  }

  get heldBytes(): number {
    return this.budget.heldBytes;
  }

  add(connection: IpcConnection): void {
    this.members.add(connection);
    connection.setRead(!this.isWithheld);
  }

  delete(connection: IpcConnection): void {
    if (!this.members.delete(connection)) return;
    this.budget.heldBytes -= connection.heldBytes;
    this.regulate();
  }

  pause(reason: string): void {
    this.pauseReasons.add(reason);
    this.regulate();
  }

  resume(reason: string): void {
    this.pauseReasons.delete(reason);
    this.regulate();
  }

  setPendingBytes(bytes: number): void {
    this.budget.pendingBytes = bytes;
    this.regulate();
  }

  /** Gives a member's bytes to its reader. Throws FrameTooLargeError. */
  deliver(connection: IpcConnection, chunk: Uint8Array): void {
    const { heldBytes, reader } = connection;
    const { frames } = reader;
    try {
      reader.push(chunk);
    } finally {
      this.budget.heldBytes += connection.heldBytes - heldBytes;
      if (connection.admitted && reader.frames > frames) this.toTheBack(connection);
      this.regulate();
    }
  }

  /** The frame that it was admitted for is complete: others come first now. */
  private toTheBack(connection: IpcConnection): void {
    connection.admitted = false;
    this.members.delete(connection);
    this.members.add(connection);
  }

  private regulate(): void {
    const { exceeded } = this.budget;
    const paused = this.pauseReasons.size > 0;
    const wasLimited = this.isLimited;
    this.isLimited = exceeded || paused;
    if (!this.isLimited && !wasLimited) return;
    const wasWithheld = this.isWithheld;
    const full = exceeded && this.budget.admit(this.members);
    this.isWithheld = full || paused;
    for (const connection of this.members) {
      if (!exceeded) connection.admitted = false;
      connection.setRead(!paused && (!full || connection.admitted));
    }
    if (wasWithheld && !this.isWithheld) this.onRelease();
  }
}
