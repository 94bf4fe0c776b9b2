import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stateStoreConformance } from '../conformance.js';
import { createMemoryStore } from '../memory-store.js';
import { newJob } from '../new-job.js';
import type { StateStore } from '../state-store.js';
import { fieldOf } from '../stored-job.js';
import { open, seal } from './seal.js';
import { readSecretKeys } from './secret-keys.js';
import { sealSecrets, type SealingOptions } from './sealing-store.js';

const KEYS = [randomBytes(32), randomBytes(32)].flatMap((bytes) => readSecretKeys(bytes.toString('hex')));
const SCOPE = { nodeId: undefined, owner: '' };

function job(secrets: object | null = { TOKEN: 'hush-hush' }) {
  return newJob({ uuid: 'job-1', status: 'RUNNING', secretEnvironment: { ...secrets }, command: 'true' });
}

function sealing(store: StateStore, options: Partial<SealingOptions> = {}) {
  const warnings: string[] = [];
  const logger = {
    warn: (fields: object, message: string) => void warnings.push(JSON.stringify(fields) + message),
  };
  const sealed = sealSecrets(store, { storeSecrets: 'encrypted', keys: KEYS, logger, ...options });
  return { sealed, warnings };
}

async function held(store: StateStore): Promise<string> {
  return (await store.list()).jobs.map(({ json }) => json).join();
}

describe('sealSecrets', () => {
  it('gives the secrets back from every call, in their place, and the store never sees them', async () => {
    const store = createMemoryStore();
    const { sealed, warnings } = sealing(store);
    const created = await sealed.create(job());
    expect([...Object.keys(JSON.parse(created.json) as object)].slice(0, 4)).toEqual([
      'uuid',
      'status',
      'secretEnvironment',
      'command',
    ]);
    expect(fieldOf(created, 'secretEnvironment')).toEqual({ TOKEN: 'hush-hush' });
    expect(await held(store)).not.toContain('hush');
    expect(await sealed.get('job-1')).toEqual(created);
    expect((await sealed.list()).jobs).toEqual([created]);
    const updated = await sealed.update(job({ TOKEN: 'hush-2' }));
    expect(fieldOf(updated, 'secretEnvironment')).toEqual({ TOKEN: 'hush-2' });
    await sealed.sync([job({ TOKEN: 'hush-3' })], SCOPE);
    expect(fieldOf(await sealed.get('job-1'), 'secretEnvironment')).toEqual({ TOKEN: 'hush-3' });
    expect(await held(store)).not.toContain('hush');
    expect(await held(store)).toContain(`v1.${KEYS[0].id}.`);
    expect(warnings).toEqual([]);
  });

  it('an update without secrets removes them', async () => {
    const store = createMemoryStore();
    const { sealed } = sealing(store);
    await sealed.create(job());
    await sealed.update(newJob({ uuid: 'job-1', secretEnvironment: null }));
    expect(await held(store)).not.toMatch(/ecretEnvironment/);
  });

  it('opens what old keys have sealed, and seals with the first', async () => {
    const store = createMemoryStore();
    await sealing(store, { keys: [KEYS[1]] }).sealed.create(job());
    const { sealed, warnings } = sealing(store);
    expect(fieldOf(await sealed.get('job-1'), 'secretEnvironment')).toEqual({ TOKEN: 'hush-hush' });
    await sealed.update(job());
    expect(await held(store)).toContain(KEYS[0].id);
    expect(await held(store)).not.toContain(KEYS[1].id);
    expect(warnings).toEqual([]);
  });

  it('answers without the secrets when the key is unknown: told once, and counted', async () => {
    const store = createMemoryStore();
    await sealing(store, { keys: [KEYS[1]] }).sealed.create(job());
    const { sealed, warnings } = sealing(store, { keys: [KEYS[0]] });
    for (let round = 0; round < 3; round++) {
      expect((await sealed.get('job-1')).json).not.toMatch(/ecretEnvironment/);
    }
    expect(sealed.withheldSecrets).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(new RegExp(`job-1.*unknown key.*${KEYS[1].id}`));
  });

  it("does not open one job's secrets in another, nor those that somebody changed", async () => {
    const store = createMemoryStore();
    await sealing(store).sealed.create(job());
    const text = String(fieldOf(await store.get('job-1'), 'sealedSecretEnvironment'));
    await store.create(newJob({ uuid: 'job-2', sealedSecretEnvironment: text }));
    const at = text.length - 9;
    const other = text[at] === 'A' ? 'B' : 'A';
    await store.update(
      newJob({ uuid: 'job-1', sealedSecretEnvironment: text.slice(0, at) + other + text.slice(at + 1) }),
    );
    await store.create(newJob({ uuid: 'job-3', sealedSecretEnvironment: 'v1.none' }));
    const { sealed, warnings } = sealing(store);
    for (const one of (await sealed.list()).jobs) expect(one.json).not.toMatch(/ecretEnvironment/);
    expect(sealed.withheldSecrets).toBe(3);
    expect(warnings).toEqual([expect.stringMatching(/damaged/)]);
  });

  it.each([
    { storeSecrets: 'omit', keys: KEYS, warned: 0 },
    { storeSecrets: 'encrypted', keys: [], warned: 1 },
  ] as const)(
    '$storeSecrets with $keys.length keys leaves the secrets out',
    async ({ warned, ...options }) => {
      const store = createMemoryStore();
      const { sealed, warnings } = sealing(store, options);
      const created = await sealed.create(job());
      await sealed.update(job());
      expect(created.json + (await held(store))).not.toMatch(/hush|ecretEnvironment/);
      expect(warnings).toHaveLength(warned);
    },
  );

  it('plain stores them as they are, and still opens those that are sealed', async () => {
    const store = createMemoryStore();
    await sealing(store).sealed.create(job());
    const { sealed } = sealing(store, { storeSecrets: 'plain' });
    expect(fieldOf(await sealed.get('job-1'), 'secretEnvironment')).toEqual({ TOKEN: 'hush-hush' });
    await sealed.update(job({ TOKEN: 'open' }));
    expect(fieldOf(await store.get('job-1'), 'secretEnvironment')).toEqual({ TOKEN: 'open' });
  });

  it('refuses a job that comes with sealed secrets', async () => {
    const { sealed } = sealing(createMemoryStore());
    const forged = newJob({ uuid: 'job-1', sealedSecretEnvironment: 'v1.x' });
    await expect(sealed.create(forged)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(sealed.sync([forged], SCOPE)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('seal', () => {
  it('opens with its key in its place, and nowhere else; no two seals are the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, place, other) => {
        const sealed = seal(text, place, KEYS[0]);
        expect(seal(text, place, KEYS[0])).not.toBe(sealed);
        expect(open(sealed, place, KEYS)).toEqual({ text });
        expect(open(sealed, `${place}${other}.`, KEYS)).toEqual({ problem: 'damaged' });
        expect(open(sealed, place, [KEYS[1]])).toEqual({ problem: 'unknown key', keyId: KEYS[0].id });
      }),
    );
  });
});

stateStoreConformance({
  test: { describe, it },
  create: async (clock) => ({
    store: sealing(createMemoryStore({ now: clock.now })).sealed,
    dispose: async () => undefined,
  }),
  supports: createMemoryStore().supports,
});
