/**
 * `--through`: what stands between clients and the writer. `rds-proxy` is our own endpoint that
 * pools as RDS Proxy does, `pgbouncer` a real PgBouncer, anything else a command with placeholders.
 */
import { parseDurationMs } from '../harness/duration.js';
import type { PlannedThrough } from '../harness/through/planned-through.js';
import { pgbouncerCommand } from '../sim/pooling/pgbouncer.js';
import { checkThrough } from '../sim/pooling/template.js';
import type { ThroughPooling } from '../sim/pooling/through.js';
import type { EngineName } from '../sim/server/server.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { readBounded } from './files.js';

export interface ThroughOptions {
  readonly through?: string;
  readonly throughConfig?: string;
}

const configBytesMax = 1_000_000;

/** @throws UserError `THROUGH_INVALID`, `THROUGH_UNREADABLE` */
export function throughOption(
  { through, throughConfig }: ThroughOptions,
  engine: EngineName,
): PlannedThrough | null {
  const config = throughConfig === undefined ? null : configText(throughConfig);
  if (through === undefined) {
    if (config !== null) throw invalid('--through-config needs --through.');
    return null;
  }
  const preset = /^(rds-proxy|pgbouncer)(?::(.*))?$/s.exec(through.trim());
  if (preset === null) {
    checkThrough(through, config);
    const command = { kind: 'command' as const, command: through, config, files: {} };
    return { through: command, label: withoutValues(through) };
  }
  const [, name = '', text = ''] = preset;
  const settings = settingsIn(text);
  const label = through.trim();
  if (name === 'rds-proxy') {
    if (config !== null) throw invalid('rds-proxy takes no --through-config.');
    return { through: pooling(settings), label };
  }
  if (engine !== 'postgres') throw invalid(`PgBouncer does not speak to ${engine}.`);
  const own = pgbouncerCommand(Object.fromEntries(settings));
  if (config === null) return { through: own, label };
  if (settings.size > 0)
    throw invalid('Settings of PgBouncer stand in --through-config, or behind pgbouncer:');
  checkThrough(own.command, config);
  return { through: { ...own, config }, label };
}

/** `a=1,b=2`; a value that holds a comma is for a configuration of the user's own. */
function settingsIn(text: string): Map<string, string> {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  return new Map(
    parts.map((part) => {
      const [, name, value] = /^\s*([a-z][a-z0-9_-]*)\s*=\s*([^\n\r]*?)\s*$/i.exec(part) ?? [];
      if (name === undefined || value === undefined)
        throw invalid(`"${part.slice(0, 80)}" is not of the form name=value.`);
      return [name, value];
    }),
  );
}

/** What the settings of an endpoint that pools are called, as AWS's options without their case. */
function pooling(settings: ReadonlyMap<string, string>): ThroughPooling {
  const known = ['max-connections', 'borrow-timeout', 'idle-client-timeout'];
  const unknown = [...settings.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalid(`rds-proxy has no setting "${unknown}": it has ${known.join(', ')}.`);
  const most = settings.get('max-connections');
  if (most !== undefined && !/^[1-9]\d{0,4}$/.test(most))
    throw invalid(`max-connections cannot be "${most.slice(0, 80)}": give a whole number.`);
  return {
    kind: 'rds-proxy',
    connectionsMax: most === undefined ? null : Number(most),
    borrowTimeoutMs: duration(settings, 'borrow-timeout', borrowTimeoutMsDefault),
    idleClientTimeoutMs: duration(settings, 'idle-client-timeout', idleClientTimeoutMsDefault),
  };
}

/** AWS's own defaults: AmazonRDS UserGuide/rds-proxy-creating.html. */
const borrowTimeoutMsDefault = 120_000;
const idleClientTimeoutMsDefault = 1_800_000;

function duration(settings: ReadonlyMap<string, string>, name: string, byDefault: number): number {
  const text = settings.get(name);
  if (text === undefined) return byDefault;
  const valueMs = parseDurationMs(text);
  if (valueMs === undefined || valueMs < 1 || valueMs > 24 * 3_600_000)
    throw invalid(`${name} cannot be "${text.slice(0, 80)}": give a duration such as 2s.`);
  return valueMs;
}

function configText(path: string): string {
  let text: string | null;
  try {
    text = readBounded(path, configBytesMax);
  } catch (error) {
    throw unreadable(path, messageOf(error));
  }
  if (text === null) throw unreadable(path, `it is longer than ${configBytesMax} bytes`);
  return text;
}

/** A command as a history may show it: its program alone, for its arguments may be secrets. */
function withoutValues(command: string): string {
  const program = command.trim().split(/\s+/)[0] ?? '';
  return program.slice(0, 100);
}

function unreadable(path: string, why: string): UserError {
  return new UserError(
    'THROUGH_UNREADABLE',
    `The file ${path.slice(0, 200)} of --through-config cannot be read: ${why}.`,
    'Name a readable text file.',
  );
}

function invalid(what: string): UserError {
  return new UserError(
    'THROUGH_INVALID',
    what,
    "Give rds-proxy, pgbouncer, or a command: 'haproxy -f {{config}}' with --through-config FILE.",
  );
}
