import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IpcMessageFields, LogLineFields, MetricFields } from './index.js';
import { codecs, difference, outcome, plain } from './protobuf-es.fuzz.js';
import * as wire from './index.js';
import { WireError } from './wire-error.js';

/** A varint, made longer than it need be by `padding` bytes. */
function varint(value: bigint, padding = 0): number[] {
  const bytes: number[] = [];
  for (; value > 0x7fn || padding > 0; value >>= 7n) {
    if (value <= 0x7fn) padding--;
    bytes.push(Number(value & 0x7fn) | 0x80);
  }
  return [...bytes, Number(value)];
}

const tag = (field: number, wireType: number, padding = 0) =>
  varint((BigInt(field) << 3n) | BigInt(wireType), padding);

/** A field of any number that no message of ours has, of any wire type. */
const unknownField: fc.Arbitrary<number[]> = fc.letrec<{ field: number[] }>((tie) => ({
  field: fc
    .tuple(
      fc.oneof(fc.integer({ min: 7, max: 40 }), fc.constantFrom(64, 2 ** 28, 2 ** 29 - 1)),
      fc.oneof(
        { depthSize: 'small' },
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ wireType: 0, body: varint(value) })),
        fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => ({ wireType: 1, body: [...bytes] })),
        fc
          .uint8Array({ maxLength: 200 })
          .map((bytes) => ({ wireType: 2, body: [...varint(BigInt(bytes.length)), ...bytes] })),
        fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ({ wireType: 5, body: [...bytes] })),
        fc.array(tie('field'), { maxLength: 3 }).map((fields) => ({ wireType: 3, body: fields.flat() })),
      ),
    )
    .map(([field, { wireType, body }]) => [
      ...tag(field, wireType),
      ...body,
      ...(wireType === 3 ? tag(field, 4) : []),
    ]),
})).field;

/** A field of a message of ours by its number, its varints longer than they need be. */
const knownField = (field: number, kind: unknown): fc.Arbitrary<number[]> => {
  const paddings = fc.record({ tag: fc.nat(3), value: fc.nat(2) });
  if (kind === 'varint') {
    const value = fc.oneof(fc.nat().map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    return fc
      .tuple(value, paddings)
      .map(([value, padding]) => [
        ...tag(field, 0, padding.tag),
        ...varint(value, value < 2n ** 50n ? padding.value : 0),
      ]);
  }
  if (kind === 'double') {
    return fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => [...tag(field, 1), ...bytes]);
  }
  const body: fc.Arbitrary<number[]> =
    kind instanceof Map
      ? fields(kind)
      : kind === 'string'
        ? fc.string({ unit: 'binary', maxLength: 20 }).map((text) => [...Buffer.from(text)])
        : fc.array(fc.nat(255), { maxLength: 300 });
  return fc
    .tuple(body, paddings)
    .map(([body, padding]) => [
      ...tag(field, 2, padding.tag),
      ...varint(BigInt(body.length), padding.value),
      ...body,
    ]);
};

/** Fields of the message in any order, each any number of times, unknown ones among them. */
function fields(shape: ReadonlyMap<number, unknown>): fc.Arbitrary<number[]> {
  const known = [...shape].map(([field, kind]) => knownField(field, kind));
  return fc.array(fc.oneof(...known, unknownField), { maxLength: 12 }).map((records) => records.flat());
}

describe.each(codecs)('$name', ({ shape, encoded, decode, reference }) => {
  it('is encoded as protobuf-es encodes it', () => {
    fc.assert(
      fc.property(encoded, ({ ours, theirs }) => {
        expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(theirs).toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('is decoded as protobuf-es decodes it, also when cut short at any byte', () => {
    fc.assert(
      fc.property(encoded, ({ theirs }) => {
        for (let end = 0; end <= theirs.length; end++) {
          const cut = theirs.subarray(0, end);
          if (difference(cut, shape)) continue;
          expect(outcome(() => decode(cut))).toEqual(outcome(() => reference(cut)));
        }
        expect(decode(theirs)).toEqual(reference(theirs));
      }),
    );
  });

  it('may have its fields in any order, repeated, among unknown ones, and with long varints', () => {
    fc.assert(
      fc.property(fields(shape), (bytes) => {
        expect(decode(Uint8Array.from(bytes))).toEqual(reference(Uint8Array.from(bytes)));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes and rejects what protobuf-es does among random and damaged bytes', () => {
    const damaged = fc
      .tuple(fields(shape), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([bytes, changes]) => {
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return Uint8Array.from(bytes);
      });
    let compared = 0;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 30 }), damaged), (bytes) => {
        const ours = outcome(() => decode(bytes));
        if (difference(bytes, shape)) return;
        compared++;
        expect(ours).toEqual(outcome(() => reference(bytes)));
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(150);
  });

  it('throws nothing but WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('scan', () => {
  it('finds in the middle of a buffer what decode finds', () => {
    const outer = new IpcMessageFields();
    const inner = new LogLineFields();
    fc.assert(
      fc.property(codecs[0].encoded, codecs[1].encoded, fc.uint8Array(), (message, line, noise) => {
        const bytes = Buffer.concat([noise, message.ours, line.ours, noise]);
        const middle = noise.length + message.ours.length;
        wire.scanIpcMessage(bytes, noise.length, middle, outer);
        wire.scanLogLine(bytes, middle, middle + line.ours.length, inner);
        expect({
          version: outer.version,
          type: outer.type,
          jobId: bytes.toString('utf8', outer.jobIdStart, outer.jobIdEnd),
          timestamp: wire.int64FromHalves(outer.timestampLo, outer.timestampHi),
          sequence: wire.uint64FromHalves(outer.sequenceLo, outer.sequenceHi),
          data: bytes.toString('hex', outer.dataStart, outer.dataEnd),
        }).toEqual(plain(wire.decodeIpcMessage(message.ours)));
        expect({
          jobId: bytes.toString('utf8', inner.jobIdStart, inner.jobIdEnd),
          stream: inner.stream,
          timestamp: wire.int64FromHalves(inner.timestampLo, inner.timestampHi),
          sequence: wire.uint64FromHalves(inner.sequenceLo, inner.sequenceHi),
          content: bytes.toString('hex', inner.contentStart, inner.contentEnd),
        }).toEqual(plain(wire.decodeLogLine(line.ours)));
      }),
    );
  });

  it('forgets the message before', () => {
    const metric = new MetricFields();
    const full = wire.encodeMetric({
      jobId: 'j',
      timestamp: 1n,
      sequence: 2n,
      data: { cpuUsage: 1, memoryUsage: 2n, gpuUsage: 3 },
    });
    wire.scanMetric(full, 0, full.length, metric);
    wire.scanMetric(full, 0, 0, metric);
    expect(metric).toEqual(new MetricFields());
  });

  it('counts the position of an error from the start of the message', () => {
    const bytes = Buffer.from('ffff120a61', 'hex');
    expect(() => wire.decodeLogLine(bytes, 3)).toThrow('length-delimited field at byte 2 is cut short');
  });
});

describe('a tag', () => {
  it.each<[what: string, bytes: number[], expected: object | 'rejected']>([
    ['of five bytes', [...tag(2, 0, 4), 5], { stream: 5 }],
    ['of six bytes', [...tag(2, 0, 5), 5], 'rejected'],
    ['beyond 32 bits', [...varint((1n << 32n) | 16n), 5], 'rejected'],
    ['of field 0', [...tag(0, 0), 5], 'rejected'],
    ['of wire type 6', [...tag(2, 6), 5], 'rejected'],
    ['of wire type 7', [...tag(20, 7), 5], 'rejected'],
    ['that ends a group never begun', tag(20, 4), 'rejected'],
    ['that ends another group', [...tag(20, 3), ...tag(21, 4)], 'rejected'],
  ])('%s', (_, bytes, expected) => {
    const { decode, reference } = codecs[1];
    const ours = outcome(() => decode(Uint8Array.from(bytes)));
    expect(ours).toEqual(outcome(() => reference(Uint8Array.from(bytes))));
    expect(ours).toEqual(expected === 'rejected' ? expected : { value: expect.objectContaining(expected) });
  });
});

/** Where we differ from protobuf-es, and why. `difference` in protobuf-es.fuzz.ts leaves these out of the comparisons. */
const differences = [
  {
    what: 'wrong wire type',
    why: 'a known field with another wire type is an unknown field, as in Go, C++ and Java; protobuf-es reads it as if the type were right',
    codec: 'LogLine',
    hex: '12026869',
    ours: { stream: 0 },
    theirs: { stream: 2 },
  },
  {
    what: 'long varint',
    why: 'a varint has ten bytes at the most, in an unknown field too; protobuf-es skips any number',
    codec: 'LogLine',
    hex: '38' + '80'.repeat(10) + '00',
    ours: 'rejected',
    theirs: {},
  },
  {
    what: 'length beyond 32 bits',
    why: 'no field is that long; protobuf-es cuts the length to 32 bits',
    codec: 'LogLine',
    hex: '2a818080801061',
    ours: 'rejected',
    theirs: { content: '61' },
  },
  {
    what: 'nested message cut short',
    why: 'a field may not reach beyond the message that it is in; protobuf-es looks at the end of the buffer only',
    codec: 'Metric',
    hex: '22023a03616263',
    ours: 'rejected',
    theirs: { data: { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 } },
  },
  {
    what: 'invalid UTF-8',
    why: 'what a scan accepts must decode later, so a bad job id becomes U+FFFD, which no valid job id has; protobuf-es throws',
    codec: 'LogLine',
    hex: '0a01ff',
    ours: { jobId: '\ufffd' },
    theirs: 'rejected',
  },
  {
    what: 'deep groups',
    why: 'a hundred nested groups are taken; protobuf-es counts the messages around them too',
    codec: 'LogLine',
    hex: '3b'.repeat(100) + '3c'.repeat(100),
    ours: {},
    theirs: 'rejected',
  },
] as const;

describe('differences from protobuf-es', () => {
  it.each(differences)('$what: $why', ({ what, codec: name, hex, ours, theirs }) => {
    const codec = codecs.find((candidate) => candidate.name === name)!;
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(difference(bytes, codec.shape)).toBe(what);
    const expected = (outcome: object | 'rejected') =>
      outcome === 'rejected' ? outcome : { value: expect.objectContaining(outcome) };
    expect(outcome(() => codec.decode(bytes))).toEqual(expected(ours));
    expect(outcome(() => codec.reference(bytes))).toEqual(expected(theirs));
  });
});
