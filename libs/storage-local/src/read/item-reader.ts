import type { FileSnapshot } from './file-snapshot.js';
import type { Damage, Member, PlanItem, ScanOptions } from './member.js';
import { scanMembers } from './member-scanner.js';

/** Reads what a source has, in order. */
export class ItemReader {
  /** What was put off, to be read by another reader when this one is at its end. */
  readonly putOff: PlanItem[] = [];
  readonly path: string;
  private readonly file: FileSnapshot;
  private readonly items: readonly PlanItem[];
  private readonly options: ScanOptions;
  private index = -1;
  private scan: AsyncGenerator<Member | Damage> | undefined;

  constructor(file: FileSnapshot, items: readonly PlanItem[], options: ScanOptions) {
    // Several readers of one file must not take the memory from each other.
    this.file = file.another();
    this.path = file.path;
    this.items = items;
    this.options = options;
  }

  /** Where the last found lies: only when there is one. */
  get item(): PlanItem {
    return this.items[this.index];
  }

  async next(): Promise<Member | Damage | undefined> {
    for (;;) {
      if (this.scan) {
        const found = await this.scan.next();
        if (!found.done) return found.value;
        this.scan = undefined;
      }
      if (this.index + 1 >= this.items.length) return undefined;
      this.index++;
      const { item } = this;
      if (item.kind === 'damage') return item;
      this.scan = scanMembers(this.file, item, this.options);
    }
  }

  /** Puts off the rest of the member found last, from a line on, and all that has the same slot. */
  async putOffFrom({ start }: Member, line: number): Promise<void> {
    const { slot, end } = this.item;
    this.putOff.push({ kind: 'part', start, end, linesRead: line, ...(slot && { slot }) });
    await this.close();
    while (this.items.at(this.index + 1)?.slot === slot && this.index + 1 < this.items.length)
      this.putOff.push(this.items[++this.index]);
  }

  async close(): Promise<void> {
    await this.scan?.return(undefined);
    this.scan = undefined;
  }
}
