import { Counter, Gauge, type Registry } from 'prom-client';

export type RejectReason = 'undecodable' | 'unknown_type' | 'job_id';

/**
 * Counts every message of the write channel: received = durable + duplicate + rejected + in flight, at every moment.
 * Each term is counted where it happens.
 */
export class Ledger {
  private receivedCount = 0;
  private durableCount = 0;
  private rejectedCount = 0;
  /** A v1 producer cannot send a message twice knowingly: stays 0 until the acknowledged protocol. */
  private readonly duplicateCount = 0;
  private readonly rejectedByReason: Counter<'reason'>;
  private readonly arrivalTimes: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.rejectedByReason = new Counter({
      name: 'persist_ipc_messages_rejected_total',
      help: 'Messages that were not stored, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.arrivalTimes = new Counter({
      name: 'persist_ipc_arrival_times_total',
      help: 'Messages with a time of 0 or below, which got the time of their arrival',
      registers,
    });
    const total = (name: string, help: string, value: () => number): void => {
      new Counter({ name, help, registers, collect: setTo(value) });
    };
    total(
      'persist_ipc_messages_received_total',
      'Whole messages read from the write channel',
      () => this.receivedCount,
    );
    total('persist_ipc_messages_durable_total', 'Messages whose rows are durable', () => this.durableCount);
    total(
      'persist_ipc_messages_duplicate_total',
      'Messages that were stored before',
      () => this.duplicateCount,
    );
    new Gauge({
      name: 'persist_ipc_messages_in_flight',
      help: 'Messages received and neither durable nor rejected yet',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
    const inFlight = (): number => this.inFlight;
  }

  get inFlight(): number {
    return this.receivedCount - this.durableCount - this.duplicateCount - this.rejectedCount;
  }

  receive(): void {
    this.receivedCount++;
  }

  store(rows: number): void {
    this.durableCount += rows;
  }

  /** A message that was received and is not stored. */
  reject(reason: RejectReason): void {
    this.rejectedCount++;
    this.rejectedByReason.inc({ reason });
  }

  useArrivalTime(): void {
    this.arrivalTimes.inc();
  }
}

/** A counter that is counted elsewhere, cheaper than prom-client does it for each message. */
function setTo(value: () => number) {
  return function (this: Counter): void {
    this.reset();
    this.inc(value());
  };
}
