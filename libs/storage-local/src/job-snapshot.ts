import { FileSnapshot } from './file-snapshot.js';
import { FILES, type JobFile, type Layout } from './layout.js';
import type { Visibility } from './visibility.js';

interface OpenFile {
  readonly area: JobFile['area'];
  /** Whose rows it holds; 0 for metrics. */
  readonly stream: number;
  readonly file: FileSnapshot;
}

/** The files of a job, open, as they were at one moment. */
export class JobSnapshot {
  readonly jobId: string;
  private readonly files: OpenFile[] = [];

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
          if (file) snapshot.files.push({ area, stream, file });
        }
      }
    } catch (error) {
      void snapshot.close();
      throw error;
    }
    return snapshot;
  }

  of(area: JobFile['area']): readonly OpenFile[] {
    return this.files.filter((file) => file.area === area);
  }

  get sizeBytes(): number {
    return this.files.reduce((sum, { file }) => sum + file.size, 0);
  }

  async close(): Promise<void> {
    for (const { file } of this.files) await file.close();
  }
}
