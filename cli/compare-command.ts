/** `rehearse compare` on the command line. */
import { type Command, Option } from 'commander';
import { examples, repeatable } from './command-text.js';
import type { CompareOptions } from './compare.js';
import type { CommandContext } from './context.js';
import type { Look } from './output.js';
import type { HistoryIo } from './report.js';
import { reporterRequest } from './reporter-option.js';
import type { ReporterRequest } from './reporters.js';
import type { Start } from './start.js';

const exitHelp = `
Exit codes:
  0 nothing is worse   1 a regression: worse than the first, beyond the tolerance
  2 it cannot be told   64 usage
A file that is no history is read as the log of a polling loop.`;

export function addCompare(program: Command, start: Start): void {
  program
    .command('compare')
    .description('two runs, or a rehearsal and the real day: predictions hit, missed, not observed')
    .argument('<a>', 'the rehearsal or baseline: latest, a run folder, a history, a polling log')
    .argument('<b>', 'what is held against it: the same kinds')
    .option('--tolerance <share|duration>', 'how much worse is still well: 20%, 500ms')
    .addOption(repeatable('--lane <a=b>', 'a lane of the first and its like in the second'))
    .option('--sleep <duration>', 'of a log: how long its loop slept between attempts')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .addOption(
      new Option('--reporter <name[=path]>', 'summary, json, html; repeatable')
        .argParser((value: string, earlier: readonly ReporterRequest[]) => [
          ...earlier,
          reporterRequest(value),
        ])
        .default([], 'none'),
    )
    .option('--ascii', 'only 7-bit characters')
    .option('--no-color', 'no colours')
    .addHelpText(
      'after',
      examples(
        'rehearse compare baseline/ latest --tolerance 20%',
        'rehearse compare latest real-day/history.ndjson --json',
        'rehearse compare latest poll.log --sleep 0.5s --reporter html=compared.html',
      ) + exitHelp,
    )
    .action((a: string, b: string, options: Omit<CompareOptions, 'a' | 'b'> & Look) =>
      start(async (context) => {
        const { runCompare } = await import('./compare.js');
        return runCompare({ ...options, a, b }, compareIo(context));
      }, options),
    );
}

function compareIo({ output, cwd, stop, unheard }: CommandContext): HistoryIo {
  return {
    cwd,
    stop,
    ...(unheard === undefined ? {} : { unheard }),
    ...output.look,
    stdout: (text) => output.data(text.replace(/\n$/, '')),
    stderr: (text) => output.log(text.replace(/\n$/, '')),
  };
}
