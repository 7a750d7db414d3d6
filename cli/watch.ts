/** `rehearse watch`: shows a run that goes on in another terminal, or one that has ended. */
import { follow } from '../harness/history/read.js';
import { LineRenderer } from '../harness/report/lines.js';
import { LiveSource } from '../tui/live.js';
import type { CommandContext } from './context.js';
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
  const signal = AbortSignal.any([left.signal, stop]);
  if (!wantsScreen(context, options, process.stdin.isTTY === true)) {
    const renderer = new LineRenderer({ ascii: output.ascii });
    for await (const entries of follow(history, { clock, signal }))
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
    for await (const entries of follow(history, { clock, signal })) source.take(entries);
    source.publish();
    screen.controller.say('the run has ended; q leaves');
    await aborted(signal);
  } finally {
    screen.close();
  }
  return 0;
}
