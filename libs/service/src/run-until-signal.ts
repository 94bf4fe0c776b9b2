import { DRAIN_DEADLINE_MS } from './limits.js';

/** What it needs of a logger; `fatal` must have written its line when it returns. */
export interface SignalLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

export interface RunOptions {
  readonly logger: SignalLogger;
  /**
   * Finishes the work; called once, at the first SIGTERM or SIGINT. `enter` names the step that begins: the one that
   * hangs is logged.
   */
  readonly drain: (signal: NodeJS.Signals, enter: (step: string) => void) => Promise<void>;
  /** Default: 10 s. */
  readonly deadlineMs?: number;
  /** SIGHUP: read the log level again. A failure is logged. */
  readonly onHangup?: () => void | Promise<void>;
  /** Called last, with 0 after a drain, else 1; closes the log. */
  readonly beforeExit?: (code: number) => void;
}

/**
 * Takes over the process's signals and its uncaught errors; ends the process after SIGTERM or SIGINT, with 0 when
 * `drain` resolved in time, else 1. An uncaught exception or rejection is logged and ends it at once with 1.
 */
export function runUntilSignal(options: RunOptions): void {
  const { logger, drain, deadlineMs = DRAIN_DEADLINE_MS, onHangup, beforeExit } = options;
  const exit = (code: number): void => {
    beforeExit?.(code);
    process.exit(code);
  };
  const crash = (error: unknown, what: string): void => {
    logger.fatal({ err: error }, what);
    exit(1);
  };

  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) {
      logger.warn({ signal }, `${signal}: already stopping`);
      return;
    }
    stopping = true;
    logger.info({ signal }, `${signal}: stopping`);
    let step = 'start';
    setTimeout(() => {
      const resources = countOf(process.getActiveResourcesInfo());
      logger.error({ step, resources }, `not stopped after ${deadlineMs} ms: ${step} hangs`);
      exit(1);
    }, deadlineMs);
    try {
      await drain(signal, (name) => {
        step = name;
      });
    } catch (error) {
      logger.error({ err: error, step }, `stopping failed: ${step}`);
      exit(1);
    }
    logger.info({ signal }, 'stopped');
    exit(0);
  };

  const hangup = async (): Promise<void> => {
    try {
      await onHangup?.();
    } catch (error) {
      logger.error({ err: error }, 'SIGHUP failed');
    }
  };

  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  process.on('SIGHUP', () => void hangup());
  process.on('uncaughtException', (error) => crash(error, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => crash(reason, 'unhandled rejection'));
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
