// What it costs to read and write the lines of the state service's protocol: the runtime's own JSON, which rounds
// numbers beyond a double, lossless-json, which does not, and a test that tells when the first is enough. One JSON line
// for each figure: `limit` is what the runtime's JSON does with the same input in the same run; `ratio` is value / limit.
// npm run bench:json-lines --workspace @joblet/bench
import { readFileSync } from 'node:fs';
import { isLosslessNumber, parse, stringify } from 'lossless-json';

const TRANSCRIPT = new URL('../../../testdata/go/state/transcript.jsonl', import.meta.url);
const LINES = 20_000;
const RUNS = 9;
const WARM_UP_RUNS = 3;

/**
 * Matches each object or array with a number whose value JSON.parse could change: one of 16 digits or more, or with an
 * exponent. A double keeps every decimal of 15 digits. In JSON a number within follows one of `:,[` or white space, so
 * a string (an id of digits, a UUID) seldom matches; when one does, the text only takes the slow way. -0 becomes 0.
 */
const NOT_A_DOUBLE = /[:,[\s]-?(?:\d[\d.]{15}|\d[\d.]*[eE])/;

const { request } = JSON.parse(readFileSync(TRANSCRIPT, 'utf8').split('\n', 1)[0]);
const requests = Array.from({ length: LINES }, (_, index) => request.replace('job-000000', `job-${index}`));
const withBigNumber = requests.map((text) => text.replace('{"op"', '{"traceId":9007199254740993,"op"'));
const lines = requests.map((text) => Buffer.from(text));

checkTest();
process.stdout.write(
  `${JSON.stringify({ name: 'length of a line', value: request.length, unit: 'bytes' })}\n`,
);
const native = perSecond(() => requests.forEach((text) => JSON.parse(text)));
report('JSON.parse', native, native);
report(
  'bytes to text, then JSON.parse',
  perSecond(() => lines.forEach((line) => JSON.parse(line.toString()))),
  native,
);
report(
  'the test alone',
  perSecond(() => requests.forEach((text) => NOT_A_DOUBLE.test(text))),
  native,
);
report(
  'the test, then JSON.parse',
  perSecond(() => requests.forEach(decode)),
  native,
);
report(
  'lossless-json parse',
  perSecond(() => requests.forEach((text) => parse(text))),
  native,
);
report(
  'the test, then lossless-json parse: every line with a number of 2^53 + 1',
  perSecond(() => withBigNumber.forEach(decode)),
  native,
);

const values = requests.map((text) => JSON.parse(text));
const losslessValues = requests.map((text) => parse(text));
const nativeOut = perSecond(() => values.forEach((value) => JSON.stringify(value)));
report('JSON.stringify', nativeOut, nativeOut);
report(
  'lossless-json stringify',
  perSecond(() => losslessValues.forEach((value) => stringify(value))),
  nativeOut,
);

function decode(text) {
  return NOT_A_DOUBLE.test(text) ? parse(text) : JSON.parse(text);
}

/** The test must see every number whose value changes; it may see more. */
function checkTest() {
  const digits = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('');
  const exponents = ['', '', 'e5', 'E-7', 'e400', 'e-400'];
  for (let round = 0; round < 200_000; round++) {
    const whole = digits(1 + (round % 20)).replace(/^0+(?=\d)/, '');
    const fraction = round % 3 ? '' : `.${digits(1 + (round % 18))}`;
    const number = `${round % 2 ? '-' : ''}${whole}${fraction}${exponents[round % exponents.length]}`;
    const text = `{"a":[${number}]}`;
    const kept = JSON.stringify(JSON.parse(text).a[0]);
    const same = kept !== 'null' && sameDecimal(number, kept);
    if (!same && !NOT_A_DOUBLE.test(text))
      throw new Error(`the test did not see that ${number} becomes ${kept}`);
  }
  if (!isLosslessNumber(parse('1'))) throw new Error('lossless-json gave no LosslessNumber');
}

function sameDecimal(one, other) {
  return decimal(one) === decimal(other);
}

/** Sign, digits and exponent of ten, the same for every spelling of one number. */
function decimal(text) {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    text,
  );
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = all.replace(/0+$/, '');
  return kept === ''
    ? '0'
    : `${sign}${kept}e${Number(exponent) - fraction.length + all.length - kept.length}`;
}

/** Of the fastest run: what else the machine does only makes one slower. */
function perSecond(run) {
  for (let warmUp = 0; warmUp < WARM_UP_RUNS; warmUp++) run();
  const seconds = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start) / 1e9;
  });
  return LINES / Math.min(...seconds);
}

function report(name, value, limit) {
  const figure = {
    name,
    value: Math.round(value),
    unit: 'lines/s',
    microsecondsEach: Number((1e6 / value).toFixed(2)),
    limit: Math.round(limit),
    ratio: Number((value / limit).toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}
