import { assignLanes, type Unit } from './lanes.js';
import { fileSegments, plainFile, type Segment } from './file-segments.js';
import type { FileSnapshot } from './file-snapshot.js';
import { deriveOrdinals } from './lost-ordinals.js';
import type { ByteRange, Damage, Part, PlanItem, ScanOptions, Slot } from './member.js';
import { ordinalsAreGuess } from './reasons.js';
import { TakenOrdinals, type SurveyedFile } from './taken-ordinals.js';

/** What one source of rows reads, in order. */
export interface SourcePlan {
  readonly file: FileSnapshot;
  readonly stream: number;
  readonly items: readonly PlanItem[];
  /** Whether the rows have no ordinals: each item has a slot then, and slots ascend. */
  readonly isSlotted?: boolean;
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
    const content = (await plainFile(file, options.checkpoint)) ?? (await fileSegments(file, options));
    surveyed.push({ file, stream, content });
  }
  const taken = new TakenOrdinals(surveyed, options.checkpoint);
  const sources: SourcePlan[] = [];
  let hasClash = false;
  for (const { file, stream, content } of surveyed) {
    if (!('foreignEnd' in content)) {
      const plan = await planDamaged(file, content, taken, options);
      sources.push(...plan.lanes.map((items) => ({ file, stream, items })));
      if (plan.free.length > 0) sources.push({ file, stream, items: plan.free, isSlotted: true });
      hasClash ||= plan.lanes.length > 1;
      continue;
    }
    const { foreignEnd, firstOrdinal } = content;
    const slot: Slot = { after: -1n, before: firstOrdinal };
    const foreign = { ...part({ start: 0, end: foreignEnd }), slot };
    if (foreignEnd > 0) sources.push({ file, stream, items: [foreign], isSlotted: true });
    if (foreignEnd < file.size)
      sources.push({ file, stream, items: [part({ start: foreignEnd, end: file.size })] });
  }
  return { sources, hasClash };
}

interface DamagedPlan {
  readonly lanes: readonly (readonly (Part | Damage)[])[];
  readonly free: readonly PlanItem[];
}

async function planDamaged(
  file: FileSnapshot,
  segments: readonly Segment[],
  taken: TakenOrdinals,
  { checkpoint }: ScanOptions,
): Promise<DamagedPlan> {
  const units: Unit[] = [];
  const free: { readonly slot: Slot; readonly items: readonly PlanItem[] }[] = [];
  let after = -1n;
  for (let index = 0; index < segments.length;) {
    await checkpoint();
    const segment = segments[index];
    if (segment.kind === 'numbered') {
      units.push({ ...segment, claimsOrdinals: true, items: [part(segment)] });
      after = segment.lastOrdinal;
      index++;
      continue;
    }
    const start = index;
    while (index < segments.length && segments[index].kind !== 'numbered') index++;
    const group = segments.slice(start, index);
    const end = segments[index];
    const slot = { after, before: end?.kind === 'numbered' ? end.firstOrdinal : undefined };
    const placed = await placeGroup(group, slot, taken);
    if (placed) for (const unit of placed) units.push(unit);
    else {
      const items = group.map((item) => ({ ...(item.kind === 'damage' ? item : part(item)), slot }));
      free.push({ slot, items });
    }
  }
  // They are in the order of the file, unless members of ours are not in theirs.
  free.sort((a, b) => Number(a.slot.after > b.slot.after) - Number(a.slot.after < b.slot.after));
  const lanes = await assignLanes(file, units, checkpoint);
  return { lanes, free: free.flatMap(({ items }) => items) };
}

/** Undefined when the group has rows that get their ordinals when they are merged. */
async function placeGroup(
  group: readonly Segment[],
  slot: Slot,
  taken: TakenOrdinals,
): Promise<Unit[] | undefined> {
  if (group.some(({ kind }) => kind === 'foreign')) return undefined;
  const derived = group.some(({ kind }) => kind === 'nameless')
    ? await deriveOrdinals(group, slot, taken)
    : { ordinals: new BigUint64Array(0), isCertain: true };
  if (!derived) return undefined;
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
    const problem = ordinalsAreGuess(rows);
    const note: Damage = { kind: 'damage', start, end, problem, rows: 0n };
    const items = derived.isCertain ? parts : [note, ...parts];
    return [{ start, end, firstOrdinal, lastOrdinal, claimsOrdinals: true, items }];
  });
}

function part({ start, end }: ByteRange, derivedOrdinals?: BigUint64Array): Part {
  return { kind: 'part', start, end, ...(derivedOrdinals && { derivedOrdinals }) };
}
