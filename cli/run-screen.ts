/** A run on the screen: its history drawn while it grows, its questions asked there. */
import { follow } from '../harness/history/read.js';
import { LiveSource } from '../tui/live.js';
import type { CommandContext } from './context.js';
import { aborted } from './replay.js';
import { openScreenOn } from './screen.js';
import { reportNow } from './screen-report.js';
import type { RunShow } from './show-run.js';

/** @param history the run's file, which may not be there yet */
export async function openRunScreen(history: string, context: CommandContext): Promise<RunShow> {
  const { clock, stop } = context;
  const source = new LiveSource(clock);
  const left = new AbortController();
  let hasEnded = false;
  const { controller, close } = await openScreenOn(context, {
    source,
    // The same way as from outside: the first one asks for an orderly end, the second one leaves.
    quit: () => (hasEnded ? left.abort() : void process.kill(process.pid, 'SIGINT')),
    report: reportNow(history, context),
  });
  return {
    close,
    ask: (question, signal) => controller.ask(question, signal),
    begin: async (ended) => {
      for await (const entries of follow(history, { clock, signal: ended })) source.take(entries);
      source.publish();
      // What there is to say at the end is in the summary.
      return () => undefined;
    },
    lookedAt: async () => {
      hasEnded = true;
      if (!controller.isLookedAt || stop.aborted) return;
      controller.say('the run has ended; q shows its summary');
      await aborted(AbortSignal.any([left.signal, stop]));
    },
  };
}
