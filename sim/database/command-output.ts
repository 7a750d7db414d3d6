/** Runs a command of the user's and reads what it prints, which is SQL. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UserError } from '../user-error.js';
import type { DumpCommand } from './own-database.js';
import { withoutPasswords } from './without-passwords.js';

/**
 * `$1` is the command. Descriptor 3 is a pipe that only this tool holds: when it ends, SIGKILL of
 * the tool included, so does the whole process group.
 */
const script = `
/bin/sh -c "$1" 3<&- &
command=$!
( while read -r line; do :; done <&3; kill -KILL 0 ) >/dev/null 2>&1 &
watcher=$!
wait "$command"
code=$?
kill -KILL "$watcher"
exit "$code"
`;

const linesMax = 200;
const lineLengthMax = 500;

export interface CommandSurroundings {
  /** How the command reaches the database, for one that writes into it by itself. */
  readonly url: string;
  /** Told each line that the command says on its standard error. */
  readonly tell: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the command prints. It is run by the shell, where the user is and with the user's
 * environment, and has ended when this has; its whole process group is ended with the reading.
 * @throws UserError `DATA_COMMAND_FAILED` where it does not end with 0
 */
export async function* commandOutput(
  { command, folder }: DumpCommand,
  { url, tell, signal }: CommandSurroundings,
): AsyncGenerator<Buffer> {
  const child = spawn('/bin/sh', ['-c', script, 'rehearse-data', command], {
    cwd: folder,
    // Never DATABASE_URL: the user's own names the database that the data are read from.
    env: { ...process.env, REHEARSE_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
    child.once('close', (code, by) => resolve(code === 0 ? null : `ended with ${code ?? by}`));
  });
  const end = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  };
  // What it leaves running in the background would keep its output open for ever.
  child.once('exit', end);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('a command without its pipes');
  const said = sayLines(stderr, tell, url);
  try {
    yield* stdout as AsyncIterable<Buffer>;
    const why = await ended;
    signal?.throwIfAborted();
    if (why !== null) throw failed(why, said);
  } finally {
    signal?.removeEventListener('abort', end);
    end();
  }
}

/** Passes lines on, the first of them; keeps the last few. */
function sayLines(
  stderr: NodeJS.ReadableStream,
  tell: (text: string) => void,
  url: string,
): string[] {
  const last: string[] = [];
  let count = 0;
  createInterface({ input: stderr }).on('line', (line) => {
    const known = line.slice(0, lineLengthMax).replaceAll(url, '$REHEARSE_DATABASE_URL');
    const shown = withoutPasswords(known);
    count++;
    if (count <= linesMax) tell(shown);
    if (count === linesMax + 1) tell(`more than ${linesMax} lines: the rest is not shown`);
    last.push(shown);
    if (last.length > 4) last.shift();
  });
  return last;
}

function failed(why: string, said: readonly string[]): UserError {
  const words = said.length === 0 ? '' : ` It said: ${said.join(' ')}`;
  return new UserError(
    'DATA_COMMAND_FAILED',
    `The command of --data ${why}.${words}`,
    'Run it by itself: it must print SQL and end with 0.',
    'environment',
  );
}
