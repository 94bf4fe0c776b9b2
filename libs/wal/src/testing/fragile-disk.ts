import type { Disk, DiskFile } from '../disk.js';

/** The unit that a disk writes whole or not at all. */
const SECTOR = 512;

export type Operation =
  'create' | 'open' | 'write' | 'sync' | 'truncate' | 'remove' | 'rename' | 'syncDirectory';

interface Change {
  readonly at: number;
  /** What was written; a length is a new size. */
  readonly bytes?: Uint8Array;
}

class Inode {
  /** What a reader sees. */
  content: Buffer;
  /** What survives a loss of power. */
  durable: Buffer;
  /** What is not durable yet. */
  changes: Change[] = [];

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.content = this.durable = content;
  }

  change(change: Change): void {
    this.changes.push(change);
    this.content = apply(this.content, change);
  }
}

function apply(content: Buffer, { at, bytes }: Change): Buffer {
  if (bytes === undefined) return resized(content, at);
  const changed = resized(content, Math.max(content.length, at + bytes.length));
  changed.set(bytes, at);
  return changed;
}

function resized(content: Buffer, size: number): Buffer {
  const changed = Buffer.alloc(size);
  changed.set(content.subarray(0, size));
  return changed;
}

/**
 * A file system in memory that can lose power: what was not synced is then kept, dropped or torn, each sector and each
 * name for itself. One directory. Operations fail when `failures` says so; a write that fails may have written a part.
 */
export class FragileDisk implements Disk {
  /** Asked before each operation; a code lets it fail. */
  failures: (operation: Operation) => string | undefined = () => undefined;
  /** Switches off a kind of sync, to show that it is needed. */
  ignoredSync: 'sync' | 'syncDirectory' | undefined;
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  async list(): Promise<readonly string[]> {
    return [...this.names.keys()];
  }

  async makeDirectory(): Promise<void> {
    return undefined;
  }

  async create(path: string): Promise<DiskFile> {
    this.check('create');
    const name = baseName(path);
    if (this.names.has(name)) throw failure('EEXIST');
    const inode = new Inode();
    this.names.set(name, inode);
    return this.file(inode);
  }

  async open(path: string): Promise<DiskFile> {
    this.check('open');
    const inode = this.names.get(baseName(path));
    if (inode === undefined) throw failure('ENOENT');
    return this.file(inode);
  }

  async remove(path: string): Promise<void> {
    this.check('remove');
    if (!this.names.delete(baseName(path))) throw failure('ENOENT');
  }

  async rename(from: string, to: string): Promise<void> {
    this.check('rename');
    const inode = this.names.get(baseName(from));
    if (inode === undefined) throw failure('ENOENT');
    this.names.delete(baseName(from));
    this.names.set(baseName(to), inode);
  }

  async syncDirectory(): Promise<void> {
    this.check('syncDirectory');
    if (this.ignoredSync !== 'syncDirectory') this.durableNames = new Map(this.names);
  }

  /** The disk as it may be found after a loss of power. */
  losePower(): FragileDisk {
    const left = new FragileDisk(this.random);
    const everyName = new Set([...this.names.keys(), ...this.durableNames.keys()]);
    for (const name of everyName) {
      const isKept = this.names.get(name) === this.durableNames.get(name) || this.random() < 0.5;
      const inode = (isKept ? this.names : this.durableNames).get(name);
      if (inode === undefined) continue;
      const found = new Inode(this.afterLoss(inode));
      left.names.set(name, found);
      left.durableNames.set(name, found);
    }
    return left;
  }

  /** The bytes of a file, for damaging them. */
  content(name: string): Buffer {
    return this.names.get(name)!.content;
  }

  setContent(name: string, content: Uint8Array): void {
    const inode = new Inode(Buffer.from(content));
    this.names.set(name, inode);
    this.durableNames.set(name, inode);
  }

  delete(name: string): void {
    this.names.delete(name);
    this.durableNames.delete(name);
  }

  private afterLoss(inode: Inode): Buffer {
    let content = inode.durable;
    const all = this.random() < 0.2;
    for (const change of inode.changes) {
      if (change.bytes === undefined) {
        if (all || this.random() < 0.5) content = apply(content, change);
        continue;
      }
      const end = change.at + change.bytes.length;
      for (let at = change.at; at < end;) {
        const next = Math.min(end, at - (at % SECTOR) + SECTOR);
        const bytes = change.bytes.subarray(at - change.at, next - change.at);
        if (all || this.random() < 0.5) content = apply(content, { at, bytes });
        at = next;
      }
    }
    return content;
  }

  private check(operation: Operation): void {
    const code = this.failures(operation);
    if (code !== undefined) throw failure(code);
  }

  private file(inode: Inode): DiskFile {
    return {
      size: async () => inode.content.length,
      read: async (into, position) => {
        const bytes = inode.content.subarray(position, position + into.length);
        into.set(bytes);
        return bytes.length;
      },
      write: async (buffers, position) => {
        const bytes = Buffer.concat(buffers);
        const code = this.failures('write');
        // Fewer than asked for, as a nearly full disk does it; or some, and then an error.
        const isShort = code !== undefined || this.random() < 0.2;
        const length = isShort ? Math.floor(this.random() * bytes.length) : bytes.length;
        const written = code === undefined ? Math.max(1, length) : length;
        inode.change({ at: position, bytes: Uint8Array.from(bytes.subarray(0, written)) });
        if (code !== undefined) throw failure(code);
        return written;
      },
      truncate: async (size) => {
        this.check('truncate');
        inode.change({ at: size });
      },
      sync: async () => {
        const code = this.failures('sync');
        if (code !== undefined) {
          // What the kernel could not write is clean now, and may be on the disk or not.
          inode.durable = this.afterLoss(inode);
          inode.changes = [];
          throw failure(code);
        }
        if (this.ignoredSync === 'sync') return;
        inode.durable = inode.content;
        inode.changes = [];
      },
      close: async () => undefined,
    };
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
