import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IpcConnection } from './ipc-connection.js';
import type { ChunkReader } from './ipc-connection.js';
import { READ_SIZE } from './limits.js';
import { ReadBudget } from './read-budget.js';
import { ReadGate } from './read-gate.js';

const chunk = new Uint8Array(READ_SIZE);

/** Counts like a MessageReader, but of the bytes only their number matters. */
class CountingReader implements ChunkReader {
  frames = 0;
  heldBytes = 0;
  sent = 0;
  private readonly sizes: number[];
  private readonly onFrame: (size: number) => void;

  constructor(sizes: number[], onFrame: (size: number) => void) {
    this.sizes = sizes;
    this.onFrame = onFrame;
  }

  get missingBytes(): number {
    return this.heldBytes < 4 ? 0 : 4 + this.sizes[this.frames] - this.heldBytes;
  }

  get leftBytes(): number {
    return this.sizes.reduce((sum, size) => sum + 4 + size, 0) - this.sent;
  }

  push({ length }: Uint8Array): void {
    this.sent += length;
    this.heldBytes += length;
    while (this.frames < this.sizes.length && this.heldBytes >= 4 + this.sizes[this.frames]) {
      this.heldBytes -= 4 + this.sizes[this.frames];
      this.onFrame(this.sizes[this.frames++]);
    }
  }
}

class Producer {
  readonly socket = new Readable({ read: () => undefined });
  readonly reader: CountingReader;
  readonly connection: IpcConnection;

  constructor(id: number, sizes: number[], onFrame: (size: number) => void) {
    this.reader = new CountingReader(sizes, onFrame);
    this.connection = new IpcConnection(id, this.socket, this.reader);
  }

  get isRead(): boolean {
    return this.socket.readableFlowing === true;
  }

  get isDone(): boolean {
    return this.reader.leftBytes === 0;
  }
}

/** A gate, its producers, and an app that holds each frame until it is told to store. */
class World {
  readonly gate: ReadGate;
  readonly producers: Producer[];
  pending = 0;
  releases = 0;

  constructor(budgetBytes: number, frameSizeMax: number, sizes: number[][]) {
    this.gate = new ReadGate(new ReadBudget(budgetBytes, frameSizeMax), () => this.releases++);
    const onFrame = (size: number) => {
      this.pending += size;
      this.gate.setPendingBytes(this.pending);
    };
    this.producers = sizes.map((list, index) => new Producer(index, list, onFrame));
    for (const { connection } of this.producers) this.gate.add(connection);
  }

  get readable(): Producer[] {
    return this.producers.filter((producer) => producer.isRead && !producer.isDone);
  }

  get usedBytes(): number {
    return this.pending + this.producers.reduce((sum, { reader }) => sum + reader.heldBytes, 0);
  }

  send({ connection, reader }: Producer, bytes: number): void {
    this.gate.deliver(connection, chunk.subarray(0, Math.min(bytes, READ_SIZE, reader.leftBytes)));
  }

  store(): void {
    this.pending = 0;
    this.gate.setPendingBytes(0);
  }
}

describe('ReadGate', () => {
  it('keeps the reasons for a pause apart', () => {
    const { gate, producers } = new World(100, 100, [[1], [1]]);
    const read = () => producers.map(({ isRead }) => isRead);
    expect(read()).toEqual([true, true]);
    gate.pause('disk');
    gate.pause('disk');
    gate.pause('config');
    expect(read()).toEqual([false, false]);
    gate.resume('disk');
    expect(read()).toEqual([false, false]);
    expect(gate.withheld).toBe(true);
    gate.resume('other');
    gate.resume('config');
    expect(read()).toEqual([true, true]);
    expect(gate.withheld).toBe(false);
  });

  it('does not read a connection that comes while all are paused', () => {
    const { gate } = new World(100, 100, []);
    gate.pause('disk');
    const late = new Producer(9, [1], () => undefined);
    gate.add(late.connection);
    expect(late.isRead).toBe(false);
    gate.resume('disk');
    expect(late.isRead).toBe(true);
  });

  it('stops everybody when what is pending reaches the budget, and tells when that is over', () => {
    const world = new World(1000, 500, [[500, 500], [1]]);
    world.send(world.producers[0], 2000);
    expect(world.pending).toBe(1000);
    expect(world.readable).toEqual([]);
    expect(world.gate.withheld).toBe(true);
    world.store();
    expect(world.producers.every(({ isRead }) => isRead)).toBe(true);
    expect(world.releases).toBe(1);
  });

  it('reads no more while small frames wait for the app, though each read leaves half of one', () => {
    const frames = Array.from({ length: 10_000 }, () => 100);
    const world = new World(1000, 100_000, [frames, frames]);
    for (let turn = 0; world.readable.length > 0; turn++) {
      const { readable } = world;
      world.send(readable[turn % readable.length], 250);
    }
    expect(world.usedBytes).toBeLessThan(1500);
    world.store();
    expect(world.readable).toHaveLength(2);
  });

  it('lets a frame larger than the budget through, and the others go on beside it, stalled or not', () => {
    const world = new World(1000, 100_000, [[50_000], [100, 100]]);
    const [large, small] = world.producers;
    world.send(large, 30_000);
    expect([large.isRead, small.isRead]).toEqual([true, true]);
    world.send(small, 300);
    expect(small.isDone).toBe(true);
    world.send(large, 30_000);
    expect(large.isDone).toBe(true);
    expect(world.gate.withheld).toBe(true);
    world.store();
    expect(world.gate.withheld).toBe(false);
  });

  it('admits no more half frames than it must', () => {
    const world = new World(1000, 100_000, [[50_000], [900]]);
    for (const producer of world.producers) world.send(producer, 600);
    expect(world.producers.map(({ connection }) => connection.admitted)).toEqual([true, false]);
    expect(world.producers.every(({ isRead }) => isRead)).toBe(true);
  });

  it('does not count a frame twice while it is handed over', () => {
    const world = new World(1000, 1000, [[600], [600]]);
    const [first, second] = world.producers;
    let reads = 0;
    second.socket.on('pause', () => reads++);
    world.send(first, 600);
    world.send(first, 4);
    expect([reads, world.releases, second.isRead]).toEqual([0, 0, true]);
  });

  it('forgets the half frame of a connection that closes', () => {
    const world = new World(1000, 1000, [[900], [900], [5]]);
    world.gate.setPendingBytes(100);
    world.send(world.producers[0], 700);
    world.send(world.producers[1], 700);
    world.gate.pause('disk');
    for (const { connection } of world.producers.slice(0, 2)) world.gate.delete(connection);
    world.gate.resume('disk');
    expect(world.gate.heldBytes).toBe(0);
    expect(world.producers[2].isRead).toBe(true);
  });

  it('is bounded, and somebody can always finish', () => {
    const unit = READ_SIZE / 2;
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(12 * unit)), { maxLength: 6 });
    const steps = fc.infiniteStream(fc.tuple(fc.nat(), fc.oneof(fc.nat(600), fc.nat(READ_SIZE)), fc.nat(9)));
    const setup = fc.tuple(fc.integer({ min: 25, max: 20 * unit }), fc.array(sizes, { maxLength: 8 }), steps);
    fc.assert(
      fc.property(setup, ([budgetBytes, lists, schedule]) => {
        const frameSizeMax = 12 * unit;
        const world = new World(budgetBytes, frameSizeMax, lists);
        const bound = budgetBytes + frameSizeMax + 2 * (lists.length + 1) * READ_SIZE;
        for (const [turn, bytes, store] of schedule) {
          const { readable } = world;
          if (world.producers.every(({ isDone }) => isDone)) break;
          if (readable.length > 0) world.send(readable[turn % readable.length], bytes + 1);
          else expect(world.pending).toBeGreaterThan(0);
          expect(world.usedBytes).toBeLessThanOrEqual(bound);
          if (store === 0 || world.readable.length === 0) world.store();
        }
        world.store();
        expect(world.gate.withheld).toBe(false);
        expect(world.gate.heldBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
