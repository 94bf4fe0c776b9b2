import type { Job } from '../../job.js';
import { createMemoryStore } from '../../memory-store.js';
import { knownField } from '../../known-fields.js';
import { StateStoreError } from '../../state-store-error.js';
import {
  altered,
  forwarding,
  giving,
  storing,
  themed,
  type BrokenStore,
  type Fields,
  type Mistake,
} from './broken-store.fixture.js';

const KNOWN = 'every known field, times with nanoseconds and with offsets among them';
const UNKNOWN = 'fields that nobody knows, at every depth';
const NUMBERS = 'numbers as they are written: beyond 2^53, beyond 2^64, with zeros and exponents';
const TEXTS = 'texts of any script, and escapes as they are written';
const ORDER = 'the order of the keys, and keys that are there twice within a value';
const DEEP = 'a value that is nested a thousand times';
const LARGE = 'a job of 200 KB';
const SAME = 'create, update, get and list answer with the same job';
const IDS = 'ids of any characters but control characters, each a job of its own';

function texts(change: (text: string, name: string) => string): Mistake['create'] {
  return storing((fields) => new Map([...fields].map(([name, text]) => [name, change(text, name)])));
}

function refusing(isRefused: (fields: Fields) => boolean): Mistake['create'] {
  return altered((right) => ({
    create: async (job, options) => {
      if (isRefused(job.fields)) throw new StateStoreError('TOO_LARGE', 'too much');
      return right.create(job, options);
    },
  }));
}

const declaration: Mistake[] = [
  {
    mistake: 'declares something else than it is tested for',
    fails: ['the store declares what it is tested for'],
    create: altered((right) => ({ supports: { ...right.supports, ttl: true } })),
  },
  {
    mistake: 'lacks a method',
    fails: ['the store has all methods'],
    create: async () => {
      const store = forwarding(createMemoryStore());
      Reflect.deleteProperty(store, 'sync');
      return { store, dispose: async () => undefined };
    },
  },
  {
    mistake: 'is never well',
    fails: ['a new store is healthy'],
    create: altered(() => ({ healthCheck: async () => ({ ok: false, details: ['unwell'] }) })),
  },
];

const content: Mistake[] = [
  {
    mistake: 'cuts times to milliseconds',
    fails: [KNOWN],
    create: texts((text) => text.replace(/(:\d\d\.\d{3})\d+/, '$1')),
  },
  { mistake: 'makes every time UTC', fails: [KNOWN], create: texts((text) => text.replace('+02:00', 'Z')) },
  {
    mistake: 'drops what is null or empty',
    fails: [KNOWN, UNKNOWN],
    create: storing((fields) => new Map([...fields].filter(([, text]) => !/^(null|""|\[\])$/.test(text)))),
  },
  {
    mistake: 'forgets fields that it does not know',
    fails: [UNKNOWN, NUMBERS, TEXTS, ORDER],
    create: storing((fields) => new Map([...fields].filter(([name]) => knownField(name) !== undefined))),
  },
  {
    mistake: 'keeps fields in a plain object',
    fails: [UNKNOWN, ORDER],
    create: storing((fields) => {
      const object: Record<string, string> = {};
      for (const [name, text] of fields) object[name] = text;
      return new Map(Object.entries(object));
    }),
  },
  {
    mistake: 'keeps values as JSON.parse sees them',
    fails: [NUMBERS, TEXTS, ORDER],
    create: texts((text) => JSON.stringify(JSON.parse(text))),
  },
  { mistake: 'trims texts', fails: [TEXTS], create: texts((text) => text.replace(/^" +| +"$/g, '"')) },
  {
    mistake: 'keeps texts as Latin-1',
    fails: [TEXTS],
    create: texts((text) => Buffer.from(text, 'latin1').toString('latin1')),
  },
  {
    mistake: 'sorts the keys',
    fails: [ORDER],
    create: storing((fields) => new Map([...fields].sort(([a], [b]) => (a < b ? -1 : 1)))),
  },
  {
    mistake: 'answers with the keys of Go',
    fails: ['keys in any case are answered in camelCase, and the last of two spellings counts'],
    create: giving((job) => ({ ...job, json: job.json.replace('"status"', '"Status"') })),
  },
  {
    mistake: 'takes a hundred levels',
    fails: [DEEP],
    create: refusing((fields) => [...fields.values()].some((text) => text.includes('[{"a":'.repeat(50)))),
  },
  {
    mistake: 'takes 100 KB',
    fails: [LARGE],
    create: refusing((fields) => [...fields.values()].join('').length > 100_000),
  },
  {
    mistake: 'does not tell ids apart by case',
    fails: [IDS],
    create: altered((right) => ({
      create: (job, options) =>
        right.create({ ...job, fields: lowered(job.fields), uuid: job.uuid.toLowerCase() }, options),
      get: (uuid) => right.get(uuid.toLowerCase()),
    })),
  },
  {
    mistake: 'answers an update with the job before',
    fails: [SAME],
    create: altered((right) => ({
      update: async (job, options) => {
        const before: Job = await right.get(job.uuid);
        await right.update(job, options);
        return before;
      },
    })),
  },
];

function lowered(fields: Fields): Fields {
  return new Map([...fields].map(([name, text]) => [name, name === 'uuid' ? text.toLowerCase() : text]));
}

export const BROKEN_CONTENT: readonly BrokenStore[] = [
  ...themed('declaration', declaration),
  ...themed('content', content),
];
