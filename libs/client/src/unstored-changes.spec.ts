import { beforeEach, expect, it } from '@jest/globals';
import { UnstoredChanges, type ChangeKind } from './unstored-changes.js';

let changes: UnstoredChanges;

beforeEach(() => {
  changes = new UnstoredChanges(2);
});

function add(uuid: string, kind: ChangeKind, removed: readonly string[] = []): boolean {
  return changes.add(uuid, { kind, owner: `of ${kind}`, removed: new Set(removed) });
}

it('what is held back keeps its room, takes what comes behind it, and is sent when it is released', () => {
  add('a', 'create');
  expect(changes.take()).toMatchObject({ uuid: 'a' });
  add('a', 'update', ['x']);
  expect(changes).toMatchObject({ size: 1, inFlight: 1 });
  changes.hold('a');
  add('a', 'update', ['y']);
  expect(changes).toMatchObject({ size: 1, inFlight: 0 });
  expect(changes.take()).toBeUndefined();
  expect([add('b', 'create'), add('c', 'create'), add('a', 'update')]).toEqual([true, false, true]);
  expect(changes.take()).toMatchObject({ uuid: 'b' });
  changes.release('a');
  const change = { kind: 'create', owner: 'of create', removed: new Set(['x', 'y']) };
  expect(changes.take()).toEqual({ uuid: 'a', change });
});

it('of a job that is gone, updates are too; what makes it anew is not', () => {
  for (const [later, isGone] of [
    ['update', true],
    ['delete', false],
    ['replace', false],
  ] as const) {
    add('a', 'update');
    changes.take();
    add('a', later);
    expect(changes.doneForGood('a')).toBe(isGone);
    expect(changes.takeAll().get('a')?.kind).toBe(isGone ? undefined : later);
  }
});

it('what was sent, or is held back, is in order again when it is put back or taken', () => {
  add('a', 'delete');
  add('b', 'update');
  changes.take();
  changes.take();
  add('a', 'create');
  changes.hold('b');
  expect(changes.oldestInFlight()).toBe('a');
  changes.putBack();
  const all = changes.takeAll();
  expect([...all].map(([uuid, { kind, owner }]) => [uuid, kind, owner])).toEqual([
    ['a', 'replace', 'of delete'],
    ['b', 'update', 'of update'],
  ]);
  expect(changes.size).toBe(0);
  add('b', 'delete');
  changes.restore(all);
  expect(changes.take()).toMatchObject({ uuid: 'a', change: { kind: 'replace' } });
  expect(changes.take()).toMatchObject({ uuid: 'b', change: { kind: 'delete' } });
});
