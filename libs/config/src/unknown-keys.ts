import { placeOf, type ConfigWarning } from './config-error.js';
import type { Source } from './config-problems.js';
import { DAEMON_SECTIONS } from './file-layout.js';
import { isSection, valueAt } from './known-keys.js';
import { editDistance, isSameKey, nearestKey } from './nearest-key.js';
import { shownKey, shownPath } from './printable.js';

/** What the daemon's side of the state service reads below `state`. */
export const DAEMON_STATE_KEYS = ['buffer_size', 'reconnect_delay', 'pool', 'client'];

const DAEMON_KEYS = [
  ...DAEMON_SECTIONS,
  'version',
  'monitoring',
  ...DAEMON_STATE_KEYS.map((key) => `state.${key}`),
];

/** Sections whose every unknown key is worth a warning; elsewhere a key may be the daemon's. */
const OWN_SECTIONS = ['persist', 'state', 'ipc'];

/** White space that YAML takes as a part of the key: no-break spaces and the like, from a web page. */
const ODD_SPACE = /^(?! )[\s\u200b\u2060]/;

const ODD_SPACE_HINT = ': it begins with white space that is no plain space, and so is not indented';

/** Keys that would be wanted, for a hint. */
const HINTS_MAX = 3;

/**
 * A warning for each unknown key that is not the daemon's, with the key that was probably meant: one of the same section
 * that is spelled alike, or the same key in another section. `known` has the paths of all keys.
 */
export function unknownKeyWarnings(
  source: Source,
  unknown: readonly (readonly string[])[],
  known: readonly (readonly string[])[],
): ConfigWarning[] {
  const { file, document, layout } = source;
  const candidates = known.map((path) => ({ path, name: layout.inFile(path).join('.') || path.join('.') }));
  return unknown.flatMap((path) => {
    const key = path[path.length - 1];
    const isOwn = layout.isStandalone
      ? path[0] === 'persist'
      : OWN_SECTIONS.includes(path[0]) && path.length > 1;
    const name = shownPath(layout.inFile(path));
    const isAnchors = name === key && key.startsWith('x-');
    if (isAnchors || DAEMON_KEYS.includes(name)) return [];
    const isIndented = ODD_SPACE.test(key);
    const meant = isOwn ? meantKeys(path, candidates) : meantBesideTheDaemon(path, candidates, layout.nested);
    if (meant.length === 0 && !isOwn && !isIndented) return [];
    // In a standalone file a sibling may come from another section of the nested form.
    const section = name.slice(0, name.length - shownKey(key).length);
    const names = meant.map((other) => (isChildOf(section, other) ? other.slice(section.length) : other));
    const hint = isIndented ? ODD_SPACE_HINT : hintText(key, names);
    const position = document.position(layout.inFile(path));
    const message = `${placeOf(file, position)}: unknown key ${name} is ignored${hint}`;
    return [{ file, path: name, ...(position && { position }), message }];
  });
}

function hintText(key: string, names: readonly string[]): string {
  if (names.length > 0) return `, did you mean ${names.join(' or ')}?`;
  return /^[\w-]+:./.test(key) ? ' (a space is missing after the colon)' : '';
}

function isChildOf(section: string, name: string): boolean {
  return name.startsWith(section) && !name.slice(section.length).includes('.');
}

interface Candidate {
  readonly path: readonly string[];
  /** As the file spells it. */
  readonly name: string;
}

function meantKeys(path: readonly string[], candidates: readonly Candidate[]): readonly string[] {
  const key = path[path.length - 1];
  const siblings = siblingsOf(path, candidates);
  const same = siblings.find((sibling) => isSameKey(sibling, key));
  if (same !== undefined) return [same];
  const elsewhere = sameElsewhere(path, candidates);
  if (elsewhere.length > 0) return elsewhere;
  // A standalone file is the persist section itself: at its root, the root's keys are siblings too.
  const nearest = nearestKey(key, path.length === 2 ? [...siblings, 'persist', 'state'] : siblings);
  return nearest === undefined ? [] : [nearest];
}

/** The keys of the section that the path is in. */
function siblingsOf(path: readonly string[], candidates: readonly Candidate[]): string[] {
  return candidates
    .map((candidate) => candidate.path)
    .filter((other) => other.length === path.length && commonLength(other, path) === path.length - 1)
    .map((other) => other[other.length - 1]);
}

/** The same key in other sections, those with the most of the path in common; none if there are many. */
function sameElsewhere(path: readonly string[], candidates: readonly Candidate[]): readonly string[] {
  const same = candidates.filter((candidate) =>
    isSameKey(candidate.path[candidate.path.length - 1], path[path.length - 1]),
  );
  const most = Math.max(...same.map((candidate) => commonLength(candidate.path, path)));
  const nearest = same.filter((candidate) => commonLength(candidate.path, path) === most);
  return nearest.length > HINTS_MAX ? [] : nearest.map(({ name }) => name);
}

/**
 * Where keys may be the daemon's, only what is surely ours: another spelling of a key of the same section, a key of two
 * words from elsewhere, or at the root a section of persist's or a slip of one of the root's.
 */
function meantBesideTheDaemon(
  path: readonly string[],
  candidates: readonly Candidate[],
  nested: Record<string, unknown>,
): readonly string[] {
  const key = path[path.length - 1];
  const siblings = siblingsOf(path, candidates);
  const same = siblings.find((sibling) => isSameKey(sibling, key));
  if (same !== undefined) return [same];
  if (key.includes('_')) return sameElsewhere(path, candidates);
  if (path.length > 1 || !isSection(valueAt(nested, path))) return [];
  const section = candidates.find(
    (candidate) =>
      candidate.path.length === 2 && candidate.path[0] === 'persist' && candidate.path[1] === key,
  );
  if (section !== undefined) return [section.name];
  return siblings.filter(
    (sibling) =>
      key.length > 5 && !Object.hasOwn(nested, sibling) && editDistance(key.toLowerCase(), sibling) === 1,
  );
}

function commonLength(one: readonly string[], other: readonly string[]): number {
  const index = one.findIndex((key, at) => key !== other[at]);
  return index === -1 ? one.length : index;
}
