/**
 * The step `shell`: a command in a process group of its own. The group is asked to end when the
 * step is to, killed where it does not, and killed with whatever it leaves in the background; a
 * pipe that only this tool holds sees to it even where the tool is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Clock } from '../../../sim/clock.js';
import type { ShellStep } from '../../step.js';
import { lateText } from '../../step-text.js';
import { boundedOutput } from './bounded-output.js';
import { shown } from './shown.js';
import { done, failed, type StepContext, type StepEnd } from './step-end.js';
import { withoutSecrets } from './without-secrets.js';

/**
 * `$1` is the command. A signal to the group reaches the command alone: this shell goes on waiting
 * for it, and the one that watches descriptor 3 goes on watching.
 */
const script = `
trap : TERM
/bin/sh -c "$1" 3<&- &
command=$!
( trap '' TERM; while read -r line; do :; done <&3; kill -KILL 0 ) >/dev/null 2>&1 &
watcher=$!
while :; do
  wait "$command"
  code=$?
  kill -0 "$command" 2>/dev/null || break
done
kill -KILL "$watcher"
exit "$code"
`;

/** How long a command may take to end once it was asked to. */
const endMsMax = 2_000;
const keptBytesMax = 32_768;
/** Of what it said, so many are in the sentence on why it failed. */
const lastLines = 3;

/** What the user's own tools must not find: it could lead to another database than this one. */
const leadsElsewhere = /^(PG[A-Z]|MYSQL_|DATABASE_URL$)/;

/** Ends once nothing of the command is left. @throws the run's stop reason */
export async function runShell(step: ShellStep, context: StepContext): Promise<StepEnd> {
  const { run, clusters, signal } = context;
  const { clock, outside } = run;
  if (step.folder !== undefined && !isFolder(step.folder))
    return failed(`it could not be run: there is no folder ${step.folder}`, 'step-shell-failed');
  const variables = outside.environment(clusters.primary);
  const inherited = Object.entries(process.env).filter(([name]) => !leadsElsewhere.test(name));
  const child = spawn('/bin/sh', ['-c', script, 'rehearse-step', step.command], {
    cwd: step.folder,
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output = boundedOutput(keptBytesMax);
  child.stdout?.on('data', output.take);
  child.stderr?.on('data', output.take);
  const why = await ended(child, clock, signal);
  run.stop.throwIfAborted();
  const secrets = [clusters.primary.application.password];
  const { text, leftOut } = output.kept();
  const kept = { text: withoutSecrets(text, secrets), leftOut };
  if (why === null && !signal.aborted) return { ...done('ended with 0'), output: kept };
  const last = kept.text.trimEnd().split('\n').slice(-lastLines).join(' / ');
  const what = why === null || signal.aborted ? lateText(step) : why;
  const said = last === '' ? what : `${what}; it said: ${shown(last)}`;
  const code = signal.aborted ? 'step-timed-out' : 'step-shell-failed';
  return { ...failed(said, code), output: kept };
}

/** Resolves when it has ended with all that it began: null, or why it is a failure. */
async function ended(
  child: ChildProcess,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | null> {
  const closed = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`it could not be run: ${error.message}`));
    child.once('close', (code, by) => resolve(code === 0 ? null : endText(code, by)));
  });
  // What it leaves in the background would keep its output open for ever.
  child.once('exit', () => signalGroup(child, 'SIGKILL'));
  let patience = clock.timer(0, () => {});
  const ask = (): void => {
    signalGroup(child, 'SIGTERM');
    patience = clock.timer(endMsMax, () => signalGroup(child, 'SIGKILL'));
  };
  if (signal.aborted) ask();
  else signal.addEventListener('abort', ask, { once: true });
  try {
    return await closed;
  } finally {
    patience.cancel();
    signal.removeEventListener('abort', ask);
    signalGroup(child, 'SIGKILL');
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function endText(code: number | null, by: NodeJS.Signals | null): string {
  return code === null ? `it was ended by ${by}` : `it ended with ${code}`;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of it is there any more.
  }
}
