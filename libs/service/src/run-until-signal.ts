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
   * Finishes the work; called once, at the first SIGTERM, SIGINT or uncaught error. `enter` names the step that begins:
   * the one that hangs is logged.
   */
  readonly drain: (enter: (step: string) => void) => Promise<void>;
  /** Default: 10 s. */
  readonly deadlineMs?: number;
  /** SIGHUP: read the log level again. A failure is logged. */
  readonly onHangup?: () => void | Promise<void>;
  /** Called last, with the exit code; closes the log. */
  readonly beforeExit?: (code: number) => void;
}

/**
 * Takes over the process's signals and its uncaught errors; ends the process after SIGTERM or SIGINT, with 0 when
 * `drain` resolved in time, else 1. An uncaught exception or rejection is logged and stops it in the same way, with 1:
 * what it had accepted is still finished, as far as it goes.
 */
export function runUntilSignal(options: RunOptions): void {
  const { logger, drain, deadlineMs = DRAIN_DEADLINE_MS, onHangup, beforeExit } = options;
  const exit = (code: number): void => {
    beforeExit?.(code);
    process.exit(code);
  };

  let stopping = false;
  let code = 0;
  const stop = async (): Promise<void> => {
    stopping = true;
    let step = 'start';
    setTimeout(() => {
      const resources = countOf(process.getActiveResourcesInfo());
      logger.error({ step, resources }, `not stopped after ${deadlineMs} ms: ${step} hangs`);
      exit(1);
    }, deadlineMs);
    try {
      await drain((name) => {
        step = name;
      });
    } catch (error) {
      logger.error({ err: error, step }, `stopping failed: ${step}`);
      exit(1);
    }
    logger.info({ code }, 'stopped');
    exit(code);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return logger.warn({ signal }, `${signal}: already stopping`);
    logger.info({ signal }, `${signal}: stopping`);
    void stop();
  };
  const onUncaught = (error: unknown, what: string): void => {
    logger.fatal({ err: error }, `${what}: ${stopping ? 'already stopping' : 'stopping'}`);
    code = 1;
    if (!stopping) void stop();
  };

  const hangup = async (): Promise<void> => {
    try {
      await onHangup?.();
    } catch (error) {
      logger.error({ err: error }, 'SIGHUP failed');
    }
  };

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', () => void hangup());
  process.on('uncaughtException', (error) => onUncaught(error, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => onUncaught(reason, 'unhandled rejection'));
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
