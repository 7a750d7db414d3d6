/** `--reporter NAME` or `NAME=PATH`, repeatable, for every command that has reports. */
import { Option } from 'commander';
import { UserError } from '../sim/user-error.js';
import type { ReporterName, ReporterRequest } from './reporters.js';

/** Beside `cli/render.ts`, which loads every renderer: this list keeps the start-up quick. */
const names: readonly ReporterName[] = [
  'summary',
  'json',
  'markdown',
  'html',
  'junit',
  'github',
  'change',
  'lines',
];

/** @throws UserError `REPORTER_UNKNOWN`, `REPORTER_PATH` when the option is read */
export function reporterOption(what: string): Option {
  return new Option('--reporter <name[=path]>', `${what}: ${names.join(', ')}; repeatable`)
    .argParser((value: string, earlier: readonly ReporterRequest[]) => [
      ...earlier,
      reporterRequest(value),
    ])
    .default([], 'none');
}

/** @throws UserError `REPORTER_UNKNOWN`, `REPORTER_PATH` */
export function reporterRequest(text: string): ReporterRequest {
  const at = text.indexOf('=');
  const [name, path] = at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  const found = names.find((known) => known === name);
  if (found === undefined)
    throw new UserError(
      'REPORTER_UNKNOWN',
      `There is no reporter "${name.slice(0, 80)}".`,
      `Use one of ${names.join(', ')}.`,
    );
  if (path === '')
    throw new UserError(
      'REPORTER_PATH',
      `The reporter "${found}" is given an empty path.`,
      `Write --reporter ${found}, or --reporter ${found}=PATH.`,
    );
  return { name: found, path };
}
