/**
 * Loads a scenario file that is a program: TypeScript is stripped of its types, and `rehearse` is
 * this package, whatever lies in the folders above the file.
 */
import { fileURLToPath } from 'node:url';
import { late, within } from '../../harness/within.js';
import { exitCodes, messageOf, UserError } from '../../sim/user-error.js';
import type { CommandContext } from '../context.js';

const loadMsMax = 30_000;
const library = fileURLToPath(new URL('../../harness/library.js', import.meta.url));

/**
 * What the file exports by default.
 * @throws UserError `SCENARIO_FILE_FAILED`, `SCENARIO_FILE_NO_DEFAULT`
 */
export async function loadModule(
  path: string,
  name: string,
  { clock, unheard, stop }: CommandContext,
): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    alias: { rehearse: library },
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
  });
  const load = async (): Promise<unknown> => {
    const loaded = await within(clock, loadMsMax, jiti.import(path)).catch((error: unknown) => {
      throw failed(`${name}${placeIn(error, path)}`, firstLine(error));
    });
    if (loaded === late) throw failed(name, `it was not loaded after ${loadMsMax / 1e3} s`);
    return loaded;
  };
  const onExit = (): void => leftBy(name);
  process.once('exit', onExit);
  // It is a program: where it goes round in circles, a signal must reach us all the same.
  const loading = unheard === undefined ? load() : unheard(load);
  const loaded = await loading.finally(() => process.off('exit', onExit));
  stop.throwIfAborted();
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new UserError(
    'SCENARIO_FILE_NO_DEFAULT',
    `${name} exports nothing by default.`,
    "Write: export default defineScenario({ ... }), with defineScenario from 'rehearse'.",
  );
}

/** One that ends the process would decide the exit code, though nothing was rehearsed. */
function leftBy(name: string): void {
  process.stderr.write(`error SCENARIO_FILE_FAILED: ${name} ended the process.\n`);
  process.exitCode = exitCodes.usage;
}

function failed(name: string, why: string): UserError {
  return new UserError(
    'SCENARIO_FILE_FAILED',
    `${name} could not be loaded: ${why}.`,
    'Run it by itself, or write the scenario in YAML.',
  );
}

/** `:3:7` where the error names a line of that file, which a stack and a parser both do. */
function placeIn(error: unknown, path: string): string {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '';
  const at = text.indexOf(`${path}:`);
  return at < 0 ? '' : (/^:\d+:\d+/.exec(text.slice(at + path.length))?.[0] ?? '');
}

function firstLine(error: unknown): string {
  return (messageOf(error).trim().split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 300);
}
