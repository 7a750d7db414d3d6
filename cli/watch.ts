/** `rehearse watch`: shows a run that goes on in another terminal, or one that has ended. */
import { follow, readPieces } from '../harness/history/read.js';
import { LineRenderer } from '../harness/report/lines.js';
import { hostId } from '../sim/server/host-id.js';
import { LiveSource } from '../tui/live.js';
import type { CommandContext } from './context.js';
import { codeOf } from './files.js';
import { aborted } from './replay.js';
import { findHistory } from './report.js';
import { openScreenOn, type ScreenRequest, wantsScreen } from './screen.js';
import { reportNow } from './screen-report.js';

/**
 * Reads the growing history to its end; leaving does not end the run.
 * @throws UserError `HISTORY_NOT_FOUND`
 */
export async function watchCommand(
  run: string,
  options: ScreenRequest,
  context: CommandContext,
): Promise<number> {
  const { output, clock, cwd, stop } = context;
  const history = await findHistory(run, cwd);
  const left = new AbortController();
  const died = new AbortController();
  const signal = AbortSignal.any([left.signal, stop]);
  const ended = AbortSignal.any([signal, died.signal]);
  void endWithOwner(history, context, died, ended);
  if (!wantsScreen(context, options, process.stdin.isTTY === true)) {
    const renderer = new LineRenderer({ ascii: output.ascii });
    for await (const entries of follow(history, { clock, signal: ended }))
      for (const line of renderer.pushAll(entries)) output.data(line);
    for (const line of renderer.end(null)) output.data(line);
    return 0;
  }
  const source = new LiveSource(clock);
  const screen = await openScreenOn(context, {
    source,
    quit: () => left.abort(),
    report: reportNow(history, context),
  });
  try {
    for await (const entries of follow(history, { clock, signal: ended })) source.take(entries);
    source.publish();
    const how = died.signal.aborted ? 'broke off: its process is gone' : 'has ended';
    screen.controller.say(`the run ${how}; q leaves`);
    await aborted(signal);
  } finally {
    screen.close();
  }
  return 0;
}

const lookEveryMs = 1_000;

/** A run that was killed tells no end: it is over once its process is gone. */
async function endWithOwner(
  history: string,
  { clock }: CommandContext,
  died: AbortController,
  ended: AbortSignal,
): Promise<void> {
  const pid = await ownerOf(history).catch(() => null);
  if (pid === null) return;
  while (!ended.aborted) {
    if (!isAlive(pid)) died.abort();
    await clock.sleep(lookEveryMs, ended).catch(() => undefined);
  }
}

/** The process that writes the history; null where it is not of this machine, or not told. */
async function ownerOf(history: string): Promise<number | null> {
  for await (const { entries } of readPieces(history)) {
    const started = entries.find(({ kind, data }) => kind === 'run' && data.stage === 'started');
    if (started?.kind !== 'run' || started.data.stage !== 'started') return null;
    const { owner } = started.data;
    return owner !== null && owner.hostId === hostId() ? owner.pid : null;
  }
  return null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
