/** `--schema`, `--data`, `--engine-parameters`, `--user-like`: the user's own database. */
import type { PlannedDatabase } from '../../harness/plan.js';
import { type LookedThrough, lookThrough } from '../../sim/database/look-through.js';
import { distinctNeeds, needsOfParameters } from '../../sim/database/needs.js';
import type { DumpCommand, DumpFiles, OwnDatabase } from '../../sim/database/own-database.js';
import { withoutPasswords } from '../../sim/database/without-passwords.js';
import type { UserLike } from '../../sim/engine/user-like.js';
import type { EngineName } from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';
import type { CommandContext } from '../context.js';
import { engineParameters } from './engine-parameters.js';

/** As commander hands them over. */
export interface DatabaseOptions {
  readonly schema?: string;
  readonly data?: string;
  readonly refreshData?: boolean;
  readonly engineParameters?: string;
  readonly userLike?: UserLike;
}

const commandPrefix = 'cmd:';

/**
 * Checks the options and reads the dumps through: what they are, and what they need.
 * @throws UserError `OPTION_EMPTY`, `DUMP_MISSING`, `DUMP_INVALID`, `PARAMETERS_FILE_MISSING`,
 *   `PARAMETERS_FILE_INVALID`, `DATA_COMMAND_INVALID`, `OPTIONS_CONTRADICT`
 */
export async function plannedDatabase(
  options: DatabaseOptions,
  engine: EngineName,
  { cwd, output, stop }: CommandContext,
): Promise<PlannedDatabase> {
  const { schema, data, userLike = 'application', refreshData = false } = options;
  const file = options.engineParameters;
  for (const [option, given] of Object.entries({ schema, data, 'engine-parameters': file }))
    if (given?.trim() === '')
      throw new UserError(
        'OPTION_EMPTY',
        `--${option} names nothing.`,
        'Perhaps a variable in it is not set: give a name, or leave the option out.',
      );
  const parameters =
    file === undefined ? { parameters: {}, leftOut: [] } : engineParameters(file, cwd);
  if (parameters.leftOut.length > 0)
    output.log(`left out of ${file}, for RDS alone has them: ${parameters.leftOut.join(', ')}`);
  if (refreshData && data === undefined && schema === undefined)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      '--refresh-data has nothing to load again.',
      'Give --schema or --data with it.',
    );
  const look = (label: string): Promise<LookedThrough> => lookThrough(label, cwd, engine, stop);
  const schemaLook = schema === undefined ? null : await look(schema);
  const command = data === undefined ? null : commandOf(data, cwd);
  const dataLook = data === undefined || command !== null ? null : await look(data);
  const found = [schemaLook, dataLook].flatMap((one) => one?.needs ?? []);
  const own: OwnDatabase = {
    schema: schemaLook?.source ?? null,
    data: command ?? dataLook?.source ?? null,
    needs: distinctNeeds(found),
    refresh: refreshData,
  };
  const isOwn = own.schema !== null || own.data !== null;
  return {
    own: isOwn ? own : null,
    needs: distinctNeeds([...needsOfParameters(parameters.parameters), ...found]),
    parameters: parameters.parameters,
    userLike,
    settings: settingsOf(own, options, parameters.parameters),
  };
}

function commandOf(text: string, folder: string): DumpCommand | null {
  if (!text.startsWith(commandPrefix)) return null;
  const command = text.slice(commandPrefix.length).trim();
  if (command !== '') return { kind: 'command', command, folder };
  throw new UserError(
    'DATA_COMMAND_INVALID',
    '--data cmd: names no command.',
    "Write it as --data 'cmd:mysqldump shop'.",
  );
}

function settingsOf(
  { schema, data, refresh }: OwnDatabase,
  { engineParameters: file, userLike }: DatabaseOptions,
  parameters: Readonly<Record<string, string>>,
): PlannedDatabase['settings'] {
  const set = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return {
    ...(schema === null ? {} : { schema: filesText(schema) }),
    ...(data === null
      ? {}
      : {
          data:
            data.kind === 'files'
              ? filesText(data)
              : `${commandPrefix}${withoutPasswords(data.command)}`,
        }),
    ...(refresh ? { refreshData: 'yes' } : {}),
    ...(file === undefined ? {} : { engineParameters: [file, ...set] }),
    ...(userLike === undefined ? {} : { userLike }),
  };
}

/** `schema.sql (12.3 kB, sha256 1a2b3c4d5e6f)`. */
function filesText({ label, files, bytes, sha256 }: DumpFiles): string {
  const count = files.length === 1 ? '' : `${files.length} files, `;
  return `${label} (${count}${sizeText(bytes)}, sha256 ${sha256.slice(0, 12)})`;
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
