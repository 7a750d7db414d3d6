/** `--reporter NAME`, repeatable, for every command that has reports. */
import { Option } from 'commander';
import { UserError } from '../sim/user-error.js';
import type { ReporterName } from './reporters.js';

/** Beside `cli/reporters.ts`, which loads every renderer: this list keeps the start-up quick. */
const names: readonly ReporterName[] = ['summary', 'json', 'markdown', 'lines'];

/** @throws UserError `REPORTER_UNKNOWN` when the option is read */
export function reporterOption(what: string): Option {
  return new Option('--reporter <name>', `${what}: ${names.join(', ')}; repeatable`)
    .argParser((value: string, earlier: readonly ReporterName[]) => [...earlier, reporter(value)])
    .default([], 'none');
}

function reporter(text: string): ReporterName {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UserError(
    'REPORTER_UNKNOWN',
    `There is no reporter "${text.slice(0, 80)}".`,
    `Use one of ${names.join(', ')}.`,
  );
}
