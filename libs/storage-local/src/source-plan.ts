import { assignLanes, type Unit } from './lanes.js';
import { fileSegments, plainFile, type Segment } from './file-segments.js';
import type { FileSnapshot } from './file-snapshot.js';
import { deriveOrdinals } from './lost-ordinals.js';
import type { ByteRange, Damage, Member, Part, ScanOptions } from './member.js';
import { scanMembers } from './member-scanner.js';
import type { Slot } from './row-source.js';
import { TakenOrdinals, type SurveyedFile } from './taken-ordinals.js';

/** What one source of rows reads, in order. */
export interface SourcePlan {
  readonly file: FileSnapshot;
  readonly stream: number;
  readonly items: readonly (Part | Damage)[];
  /** Where rows without ordinals belong. */
  readonly slot?: Slot;
}

export interface JobPlan {
  readonly sources: readonly SourcePlan[];
  /** Whether members of one file claim the same ordinals: which of the rows counts is known when all are read. */
  readonly hasClash: boolean;
}

/**
 * In which order the files of a job, logs or metrics, are to be read so that ordinals ascend. Files that are as they
 * should be are read from start to end; those that are not are looked at member by member first.
 */
export async function planSources(
  files: readonly { readonly file: FileSnapshot; readonly stream: number }[],
  options: ScanOptions,
): Promise<JobPlan> {
  const surveyed: SurveyedFile[] = [];
  for (const { file, stream } of files) {
    const content = (await plainFile(file)) ?? (await fileSegments(file, options));
    surveyed.push({ file, stream, content });
  }
  const taken = new TakenOrdinals(surveyed);
  const sources: SourcePlan[] = [];
  let hasClash = false;
  for (const { file, stream, content } of surveyed) {
    if (!('foreignEnd' in content)) {
      const plan = await planDamaged(file, content, taken);
      sources.push(...plan.lanes.map((items) => ({ file, stream, items })));
      sources.push(...plan.free.map((free) => ({ file, stream, ...free })));
      hasClash ||= plan.lanes.length > 1;
      continue;
    }
    const { foreignEnd, firstOrdinal } = content;
    const slot: Slot = { after: -1n, before: firstOrdinal };
    if (foreignEnd > 0) sources.push({ file, stream, items: [part({ start: 0, end: foreignEnd })], slot });
    if (foreignEnd < file.size)
      sources.push({ file, stream, items: [part({ start: foreignEnd, end: file.size })] });
  }
  return { sources, hasClash };
}

/** Reads what a source has. */
export async function* readItems(
  { file, items }: SourcePlan,
  options: ScanOptions,
): AsyncGenerator<Member | Damage> {
  for (const item of items) {
    if (item.kind === 'damage') {
      yield item;
      continue;
    }
    const { derivedOrdinals } = item;
    for await (const found of scanMembers(file, item, options)) {
      yield found.kind === 'member' && derivedOrdinals ? { ...found, derivedOrdinals } : found;
    }
  }
}

interface DamagedPlan {
  readonly lanes: readonly (readonly (Part | Damage)[])[];
  readonly free: Pick<SourcePlan, 'items' | 'slot'>[];
}

async function planDamaged(
  file: FileSnapshot,
  segments: readonly Segment[],
  taken: TakenOrdinals,
): Promise<DamagedPlan> {
  const units: Unit[] = [];
  const free: Pick<SourcePlan, 'items' | 'slot'>[] = [];
  let after = -1n;
  for (let index = 0; index < segments.length;) {
    const segment = segments[index];
    if (segment.kind === 'numbered') {
      units.push({ ...segment, claimsOrdinals: true, items: [part(segment)] });
      after = segment.lastOrdinal;
      index++;
      continue;
    }
    const next = segments.findIndex(({ kind }, at) => at > index && kind === 'numbered');
    const group = segments.slice(index, next < 0 ? undefined : next);
    index += group.length;
    const end = segments[index];
    const slot = { after, before: end?.kind === 'numbered' ? end.firstOrdinal : undefined };
    const placed = await placeGroup(file, group, slot, taken);
    if (placed) units.push(...placed);
    else free.push({ items: group.map((item) => (item.kind === 'damage' ? item : part(item))), slot });
  }
  return { lanes: await assignLanes(file, units), free };
}

/** Undefined when the group has rows that get their ordinals when they are merged. */
async function placeGroup(
  file: FileSnapshot,
  group: readonly Segment[],
  slot: Slot,
  taken: TakenOrdinals,
): Promise<Unit[] | undefined> {
  if (group.some(({ kind }) => kind === 'foreign')) return undefined;
  const derived = group.some(({ kind }) => kind === 'nameless')
    ? await deriveOrdinals(group, slot, taken)
    : { ordinals: new BigUint64Array(0), isCertain: true };
  if (!derived) return undefined;
  taken.take(derived.ordinals);
  let used = 0;
  let lastOrdinal = slot.after;
  return group.flatMap((segment): Unit[] => {
    const { start, end } = segment;
    if (segment.kind === 'damage') {
      const items = [segment];
      return [{ start, end, firstOrdinal: lastOrdinal, lastOrdinal, claimsOrdinals: false, items }];
    }
    const rows = segment.kind === 'nameless' ? segment.rows : 0;
    if (rows === 0) return [];
    const derivedOrdinals = derived.ordinals.slice(used, (used += rows));
    const parts = [part({ start, end }, derivedOrdinals)];
    lastOrdinal = derivedOrdinals[rows - 1];
    const [firstOrdinal] = derivedOrdinals;
    const problem = `a header is damaged, the ordinals of ${rows} rows are a guess`;
    const note: Damage = { kind: 'damage', path: file.path, start, end, problem, rows: 0n };
    const items = derived.isCertain ? parts : [note, ...parts];
    return [{ start, end, firstOrdinal, lastOrdinal, claimsOrdinals: true, items }];
  });
}

function part({ start, end }: ByteRange, derivedOrdinals?: BigUint64Array): Part {
  return { kind: 'part', start, end, ...(derivedOrdinals && { derivedOrdinals }) };
}
