/** Placeholders in the command and the configuration of a pooler. Pure. */
import { UserError } from '../user-error.js';

/** What `{{name}}` may name, and what it is. */
export const placeholders = {
  listen: 'where it is to listen, host:port',
  listenHost: 'the host of that',
  listenPort: 'the port of that',
  upstream: "the writer's endpoint, host:port",
  upstreamHost: 'the host of that',
  upstreamPort: 'the port of that',
  user: "the application's user",
  password: 'its password; better read from the environment, as REHEARSE_THROUGH_PASSWORD',
  database: 'its database',
  instrumentUser: 'the user of probes and ledger, who come the same way',
  instrumentPassword: 'its password',
  instrumentDatabase: 'its database',
  config: 'the file that --through-config was rendered into',
  folder: 'a private folder, which goes when it ends',
} as const;
export type Placeholder = keyof typeof placeholders;
export type PlaceholderValues = Readonly<Record<Placeholder, string>>;

const pattern = /\{\{\s*([A-Za-z]+)\s*\}\}/g;

/** Every placeholder in a text. @throws UserError `THROUGH_INVALID` for one that there is not */
export function placeholdersIn(text: string): Placeholder[] {
  return [...text.matchAll(pattern)].map(([whole, name = '']) => {
    if (isPlaceholder(name)) return name;
    throw new UserError(
      'THROUGH_INVALID',
      `There is no placeholder ${whole}.`,
      `Use ${Object.keys(placeholders).join(', ')}, each in {{ }}.`,
    );
  });
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(placeholders, name);
}

/**
 * Checks a command and its configuration: together they must say where to listen and whom to dial.
 * @throws UserError `THROUGH_INVALID`
 */
export function checkThrough(command: string, config: string | null): void {
  const named = [...placeholdersIn(command), ...placeholdersIn(config ?? '')];
  for (const [what, ...names] of [
    ['where to listen', 'listen', 'listenPort'],
    ['whom to dial', 'upstream', 'upstreamPort'],
  ]) {
    if (named.some((one) => names.includes(one))) continue;
    throw new UserError(
      'THROUGH_INVALID',
      `--through does not tell the program ${what}.`,
      `Put ${names.map((name) => `{{${name}}}`).join(' or ')} into it or its configuration.`,
    );
  }
  if (config !== null && !command.includes('{{config}}'))
    throw new UserError(
      'THROUGH_INVALID',
      '--through-config was given, but the command does not name it.',
      'Put {{config}} into the command of --through.',
    );
}

/** A configuration with the values as they are. */
export function rendered(text: string, values: PlaceholderValues): string {
  return text.replace(pattern, (whole, name: string) =>
    isPlaceholder(name) ? values[name] : whole,
  );
}

/** A command for the shell, with each value as one word. */
export function renderedCommand(command: string, values: PlaceholderValues): string {
  return command.replace(pattern, (whole, name: string) =>
    isPlaceholder(name) ? quoted(values[name]) : whole,
  );
}

function quoted(value: string): string {
  return /^[\w.:/@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** The same values as environment variables: `REHEARSE_THROUGH_LISTEN_PORT` and so on. */
export function environmentOf(values: PlaceholderValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `REHEARSE_THROUGH_${name.replace(/([A-Z])/g, '_$1').toUpperCase()}`,
      value,
    ]),
  );
}
