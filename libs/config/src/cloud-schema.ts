import * as z from 'zod';
import { STORAGE_TYPES } from './backend-names.js';
import {
  awsRegion,
  choice,
  flag,
  httpUrl,
  section,
  text,
  optionalTextOf,
  textOf,
  wholeNumber,
} from './fields.js';
import * as limits from './limits.js';

/** The section `persist.storage.cloudwatch`. */
export function cloudwatchSchema() {
  return section('Amazon CloudWatch. Credentials come from the AWS default chain, never from this file.', {
    region: awsRegion('AWS region; "": asked from EC2, then AWS_REGION, then us-east-1.'),
    log_group_prefix: textOf(
      '/joblet',
      /^[\w./#-]{1,400}$/,
      'letters, digits and _ . / # - (1 to 400)',
      'Log groups are `{log_group_prefix}/{nodeId}/jobs`.',
    ),
    log_stream_prefix: z.string('text').optional().describe('Deprecated: accepted, without effect.'),
    metric_namespace: textOf(
      'Joblet/Jobs',
      /^(?!AWS\/)[\w.#/-][\w.#/:-]{0,254}$/,
      'letters, digits and _ . / # : - (1 to 255), not beginning with : or AWS/',
      'Namespace of the metrics.',
    ),
    metric_dimensions: dimensionsSchema(),
    log_batch_size: wholeNumber(100, limits.CLOUDWATCH_LOG_BATCH, 'Events in one request.', 'events'),
    metric_batch_size: wholeNumber(20, limits.CLOUDWATCH_METRIC_BATCH, 'Values in one request.', 'values'),
    log_retention_days: z
      .literal(limits.CLOUDWATCH_RETENTION_DAYS, RETENTION_ALLOWED)
      .overwrite((days) => (days === 0 ? 7 : days))
      .prefault(7)
      .meta({ description: 'How long CloudWatch keeps logs; 0 is 7, -1 for ever.', unit: 'days' }),
    endpoint: httpUrl('A VPC endpoint, or a CloudWatch of your own; "": that of the region.'),
  });
}

const RETENTION_ALLOWED = `-1 (for ever), 0 (7 days) or one of ${limits.CLOUDWATCH_RETENTION_DAYS.slice(2).join(', ')}`;

/** How many there may be, and their names, are in rules.ts: zod would not check them beside a wrong value. */
function dimensionsSchema() {
  const { CLOUDWATCH_DIMENSIONS_MAX: max, CLOUDWATCH_DIMENSION_CHARS_MAX: charsMax } = limits;
  const allowed = `text of 1 to ${charsMax} characters`;
  const value = z.string(allowed).regex(/\S/, allowed).max(charsMax, allowed);
  return z
    .record(z.string(), value, SECTION_OF_TEXT)
    .prefault({})
    .meta({
      description: `Dimensions of every metric besides JobID and NodeID, ${max} at most.`,
      kind: 'names and texts',
    });
}

const SECTION_OF_TEXT = 'a section: names and texts';

/** The section `persist.storage.s3`. */
export function s3Schema() {
  return section('Amazon S3, and what speaks its protocol. Credentials come from the AWS default chain.', {
    bucket: optionalTextOf(
      /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/,
      'a bucket name: 3 to 63 of a-z, 0-9, . and -',
      'The bucket; required for this store.',
    ),
    region: awsRegion('AWS region; required for this store.'),
    key_prefix: text('jobs/', 'Keys are `{key_prefix}{nodeId}/{jobId}/{stream}/{time}.jsonl.gz`.'),
    endpoint: httpUrl('Address of another service than Amazon\'s; "": Amazon\'s.'),
    force_path_style: flag(
      false,
      'The bucket in the path instead of the host name, for most other services.',
    ),
    sse: choice(['', 'AES256', 'aws:kms'], 'Encryption by the server; "": the bucket\'s own setting.'),
    kms_key_id: text('', 'Key for `sse: aws:kms`; "": the account\'s default key.'),
  });
}

/** The section `persist.storage.multi`. */
export function multiSchema() {
  const single = STORAGE_TYPES.filter((name) => name !== 'multi');
  const allowed = `a list of ${single.join(', ')}`;
  return section('Several stores at once.', {
    backends: z
      .array(z.enum(single, `one of ${single.join(', ')}`), allowed)
      .prefault([])
      .meta({ description: 'Every write goes to all, reads to the first that has the job.', kind: allowed }),
  });
}
