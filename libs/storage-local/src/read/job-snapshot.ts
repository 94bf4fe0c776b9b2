import type { Gap } from '@joblet/storage';
import { closeAll } from './close-all.js';
import { FileSnapshot } from './file-snapshot.js';
import { FILES, type JobFile, type Layout } from '../format/layout.js';
import { WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import { planSources, type JobPlan } from './source-plan.js';
import type { Checkpoint } from './turns.js';
import type { Visibility } from '../write/visibility.js';

interface OpenFile {
  readonly area: JobFile['area'];
  /** Whose rows it holds; 0 for metrics. */
  readonly stream: number;
  readonly file: FileSnapshot;
}

/** Something in the place of a file that cannot be read as one. */
interface NoFile {
  readonly area: JobFile['area'];
  readonly gap: Gap;
}

/** The files of a job, open, as they were at one moment. */
export class JobSnapshot {
  readonly jobId: string;
  private readonly files: OpenFile[] = [];
  private readonly noFiles: NoFile[] = [];
  private readonly plans = new Map<JobFile['area'], Promise<JobPlan>>();

  private constructor(jobId: string) {
    this.jobId = jobId;
  }

  /** In one turn of the event loop: no write and no delete comes between the files. */
  static openSync(
    layout: Layout,
    visibility: Visibility,
    jobId: string,
    areas: readonly JobFile['area'][],
  ): JobSnapshot {
    const snapshot = new JobSnapshot(jobId);
    try {
      for (const area of areas) {
        for (const { fileName, stream } of FILES[area]) {
          const path = layout.path({ area, jobId, fileName });
          const file = FileSnapshot.openSync(path, visibility.visibleLength(path));
          if (typeof file === 'string') {
            const reason = `there is no file, but ${file}: ${path}`;
            snapshot.noFiles.push({ area, gap: { kind: 'gap', stream, afterOrdinal: -1n, reason } });
          } else if (file) snapshot.files.push({ area, stream, file });
        }
      }
    } catch (error) {
      // What failed first is what counts.
      snapshot.close().catch(() => undefined);
      throw error;
    }
    return snapshot;
  }

  /** In which order the files are to be read; looked at once, however often they are read. */
  plan(area: JobFile['area'], checkpoint: Checkpoint): Promise<JobPlan> {
    let plan = this.plans.get(area);
    if (!plan) {
      const files = this.files.filter((file) => file.area === area);
      plan = planSources(files, {
        wants: () => true,
        wholeTextBytesMax: WHOLE_TEXT_BYTES_MAX,
        checkpoint,
      });
      this.plans.set(area, plan);
    }
    return plan;
  }

  /** For what is in the place of a file and is none. */
  gaps(area: JobFile['area']): readonly Gap[] {
    return this.noFiles.filter((noFile) => noFile.area === area).map(({ gap }) => gap);
  }

  get sizeBytes(): number {
    return this.files.reduce((sum, { file }) => sum + file.size, 0);
  }

  async close(): Promise<void> {
    await closeAll(this.files.map(({ file }) => file));
  }
}
