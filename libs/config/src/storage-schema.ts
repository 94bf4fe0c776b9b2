import { join } from 'node:path';
import { STORAGE_TYPES } from './backend-names.js';
import { cloudwatchSchema, multiSchema, s3Schema } from './cloud-schema.js';
import { cronSchedule } from './cron.js';
import { backendName, choice, flag, openSection, path, section, wholeNumber } from './fields.js';
import * as limits from './limits.js';
import type { Places } from './places.js';

/** The section `persist.storage`. */
export function storageSchema(places: Places) {
  return section('Where output and metrics are kept.', {
    type: backendName('local', STORAGE_TYPES, 'The log store.'),
    base_dir: path(places.folder, places.baseDir, 'What run/, logs/, metrics/, state/ and spool/ are below.'),
    local: localSchema(places),
    cloudwatch: cloudwatchSchema(),
    s3: s3Schema(),
    elasticsearch: openSection('Elasticsearch; its keys come with its store.'),
    multi: multiSchema(),
    options: openSection('Options of a module, checked by the module.'),
    retention: section('How long data is kept.', {
      logs_days: wholeNumber(7, limits.RETENTION_DAYS, 'How long logs are kept; 0: for ever.', 'days'),
      metrics_days: wholeNumber(30, limits.RETENTION_DAYS, 'How long metrics are kept; 0: for ever.', 'days'),
      cleanup_schedule: cronSchedule('0 2 * * *', 'When expired data is removed.'),
      archive_before_delete: flag(false, 'Copies data elsewhere before it expires.'),
    }),
    compression: section('How files are compressed.', {
      enabled: flag(true, 'false: plain .log and .jsonl files, whatever `format` says.'),
      algorithm: choice(['gzip'], 'The algorithm.'),
      level: wholeNumber(
        3,
        limits.GZIP_LEVEL,
        '1 is fast, 9 is small; real logs: 6 saves a fifth and takes twice the time.',
      ),
    }),
  });
}

function localSchema({ baseDir, folder }: Places) {
  const format = choice(
    ['jsonl.gz', 'jsonl'],
    'Format of the files: compressed, or plain lines. Files of both kinds are read.',
  );
  const directory = (name: string) =>
    path(
      folder,
      join(baseDir, name),
      "A folder for each job is made here: not base_dir, nor in or around the other's.",
    );
  const rotation = (maxSizeMb: number) =>
    section('When a new file is begun.', {
      max_size_mb: wholeNumber(maxSizeMb, limits.ROTATION_MB, 'Size on disk of one file.', 'MiB'),
      max_files: wholeNumber(0, limits.ROTATED_FILES, 'Rotated files that are kept; 0: all.'),
      compress_rotated: flag(
        true,
        'Compresses plain files once they are put aside; those of the format jsonl.gz are compressed.',
      ),
    });
  return section('Files below base_dir.', {
    logs: section('Output.', {
      directory: directory('logs'),
      format,
      content: choice(['text', 'base64'], 'How UTF-8 content is written; other content is always base64.'),
      rotation: rotation(100),
    }),
    metrics: section('Metrics.', { directory: directory('metrics'), format, rotation: rotation(50) }),
  });
}
