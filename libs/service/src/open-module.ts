import { EXIT_CONFIG, EXIT_FAILED } from './exit-codes.js';
import { OPENING_INTERVAL_MS } from './limits.js';
import { isModulePath, loadModule } from './load-module.js';
import { ModuleError } from './module-error.js';
import { StartError } from './start-error.js';
import { messageOf } from './to-error.js';

/** What every module is given to open its part with. */
export interface ModuleContext {
  readonly folder: string;
  readonly logger: { info(fields: object, message: string): void };
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export interface ModuleRequest<Opened, Context extends ModuleContext> {
  /** The service's name. */
  readonly program: string;
  /** Its `import.meta.url`: where packages are looked for that are not beside the configuration. */
  readonly service: string;
  /** The key of the configuration that names the module. */
  readonly key: string;
  readonly specifier: string;
  /** The module's own affair. */
  readonly options: Record<string, unknown>;
  readonly context: Context;
  /** What it opens, for messages: `log store`. */
  readonly what: string;
  accepts(opened: unknown): opened is Opened;
  /** Why it is not accepted. */
  problemsOf(opened: unknown): readonly string[];
  /** A name that may have been meant: most that are no package are slips. */
  nearestName(specifier: string): string | undefined;
  /** Whether what the module threw is about its options. */
  isOptionError(error: unknown): boolean;
}

/** What somebody else's module opens. Rejects with StartError. */
export async function openModule<Opened, Context extends ModuleContext>(
  request: ModuleRequest<Opened, Context>,
): Promise<Opened> {
  const { program, key, specifier, options, context, what, service } = request;
  const subject = `${key} ${JSON.stringify(specifier)}`;
  const opened = await whileOpening(context, { program, subject, what }, async () => {
    const open = await loadModule(specifier, { folder: context.folder, service }).catch((error: unknown) => {
      if (!(error instanceof ModuleError)) throw error;
      const message = `${subject}: ${error.message}${hintFor(error, request.nearestName(specifier))}`;
      throw new StartError(EXIT_CONFIG, message, { cause: error });
    });
    try {
      return await open(options, context);
    } catch (error) {
      const code = request.isOptionError(error) ? EXIT_CONFIG : EXIT_FAILED;
      throw new StartError(code, `${subject}: it cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  });
  if (request.accepts(opened)) return opened;
  const problems = request.problemsOf(opened).join('; ');
  throw new StartError(EXIT_CONFIG, `${subject}: what it opens is no ${what}: ${problems}`);
}

function hintFor({ code, specifier }: ModuleError, nearest: string | undefined): string {
  if (code !== 'NOT_FOUND' || isModulePath(specifier)) return '';
  return nearest === undefined ? '; install it there, or name a file: ./…' : `; did you mean ${nearest}?`;
}

/**
 * Tells again and again that it is still opening. The timer also keeps the process alive: what never settles would end
 * it without a word. So would a module that ends it by itself.
 */
async function whileOpening<Result>(
  { logger, signal }: ModuleContext,
  { program, subject, what }: { program: string; subject: string; what: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(
    () => logger.info({}, `${subject}: the ${what} is still opening`),
    OPENING_INTERVAL_MS,
  );
  const tellEnd = (): void => {
    if (signal.aborted) return;
    process.exitCode = EXIT_CONFIG;
    process.stderr.write(
      `${program} cannot start: ${subject}: the module ended the process while it was opened\n`,
    );
  };
  process.once('exit', tellEnd);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.off('exit', tellEnd);
  }
}
