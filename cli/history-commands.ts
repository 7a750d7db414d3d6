/** `rehearse report` and `rehearse import`: what a history or somebody's log says. */
import { type Command, Option } from 'commander';
import type { CalibrateOptions } from './calibrate.js';
import { examples, repeatable } from './command-text.js';
import type { CommandContext } from './context.js';
import type { ImportCommandOptions } from './import.js';
import type { MergeCommandOptions } from './merge.js';
import type { Look } from './output.js';
import type { ReplayOptions } from './replay.js';
import type { HistoryIo, ReportOptions } from './report.js';
import { reporterOption } from './reporter-option.js';
import type { ScreenRequest as WatchOptions } from './screen.js';
import type { Start } from './start.js';

export function addHistoryCommands(program: Command, start: Start): void {
  addWatching(program, start);
  const report = program
    .command('report')
    .description('judge a history again and print its report; also one that breaks off')
    .argument('[run]', 'latest, a run folder or a history file', 'latest');
  addReporting(report);
  report
    .addHelpText(
      'after',
      examples('rehearse report', 'rehearse report latest --json', 'rehearse report run/ --ascii'),
    )
    .action((run: string, options: Omit<ReportOptions, 'run'> & Look) =>
      start(async (context) => {
        const { runReport } = await import('./report.js');
        return runReport({ ...options, run }, historyIo(context));
      }, options),
    );
  const imported = program
    .command('import')
    .description('read a polling log, a CSV of attempts, AWS events (JSON) or a lag metric')
    .argument('<file>', 'the log (prose and gaps in it are tolerated), or what AWS printed')
    .option('--sleep <duration>', 'how long the loop slept between attempts, such as 0.5s')
    .addOption(
      new Option('--lag-unit <unit>', 'of a lag metric that does not say it').choices([
        ...['ms', 's', 'bytes'],
      ]),
    );
  addReporting(imported);
  imported
    .addHelpText(
      'after',
      examples(
        'rehearse import poll.log --sleep 0.5s',
        'rehearse import poll.csv --json',
        'rehearse import events.json --out told   # aws rds describe-events',
        'rehearse import lag.csv --lag-unit ms    # CloudWatch: timestamp,value',
      ),
    )
    .action((file: string, options: Omit<ImportCommandOptions, 'file'> & Look) =>
      start(async (context) => {
        const { runImport } = await import('./import.js');
        return runImport({ ...options, file }, historyIo(context));
      }, options),
    );
  addMerge(program, start);
  addCalibrate(program, start);
}

function addMerge(program: Command, start: Start): void {
  const merge = program
    .command('merge')
    .description('join what several hosts saw into one history and report it')
    .argument('<runs...>', 'two or more: HOST=RUN, or a RUN that is called as its host')
    .addOption(repeatable('--offset <host=time>', 'how far its clock is ahead: HOST=+120ms'))
    .option('--clock-error <duration>', 'by how much any clock may be off: it widens all bounds');
  addReporting(merge);
  merge
    .addHelpText(
      'after',
      examples(
        'rehearse merge web-1 web-2 --out joined',
        'rehearse merge a=probe-a b=probe-b --offset b=+120ms --clock-error 50ms',
      ),
    )
    .action((runs: string[], options: Omit<MergeCommandOptions, 'runs'> & Look) =>
      start(async (context) => {
        const { runMerge } = await import('./merge.js');
        return runMerge({ ...options, runs }, historyIo(context));
      }, options),
    );
}

function addCalibrate(program: Command, start: Start): void {
  program
    .command('calibrate')
    .description('write the timing file of what was really observed, for run --timing FILE')
    .argument('<runs...>', 'histories: of import, probe or merge; rehearsals are marked so')
    .option('--out <file>', 'write it there, never over a file; stdout without')
    .option('--profile <name>', 'of which operation the lanes felt the outage: rds.reboot')
    .addOption(
      new Option('--engine <engine>', 'where the histories do not show it').choices([
        ...['postgres', 'mysql'],
      ]),
    )
    .addHelpText(
      'after',
      examples(
        'rehearse calibrate imported --out timing.yaml',
        'rehearse calibrate probe-1 probe-2 --profile zdp.fallback.pg',
      ),
    )
    .action((runs: string[], options: Omit<CalibrateOptions, 'runs'> & Look) =>
      start(async (context) => {
        const { runCalibrate } = await import('./calibrate.js');
        return runCalibrate({ ...options, runs }, historyIo(context), context.clock);
      }, options),
    );
}

function addWatching(program: Command, start: Start): void {
  program
    .command('replay')
    .description('show a recorded run on the screen again, at any speed and from any instant')
    .argument('[run]', 'latest, a run folder or a history file', 'latest')
    .option('--speed <number>', 'from 0.25 to 32', '1')
    .option('--at <instant>', 'where it begins: T0-5s, T0, start, end')
    .option('--frame <instant>', 'print one picture as text and end: T0+3s, end')
    .option('--size <columns>x<rows>', 'of that picture', '80x24')
    .option('--errors', 'the kinds of error as letters in that picture')
    .option('--no-tui', 'no screen: the lines of the whole run')
    .option('--ascii', 'only 7-bit characters')
    .option('--color', 'colours, wherever stdout goes')
    .option('--no-color', 'no colours')
    .addHelpText(
      'after',
      examples(
        'rehearse replay',
        'rehearse replay latest --speed 4 --at T0-5s',
        'rehearse replay run/ --frame T0+3s --size 120x40',
      ),
    )
    .action((run: string, options: ReplayOptions & Look) =>
      start(
        async (context) => (await import('./replay.js')).replayCommand(run, options, context),
        options,
      ),
    );
  program
    .command('watch')
    .description('show a run that goes on in another terminal; leaving does not end it')
    .argument('[run]', 'latest, a run folder or a history file', 'latest')
    .option('--no-tui', 'no screen: lines')
    .option('--ascii', 'only 7-bit characters')
    .option('--color', 'colours, wherever stdout goes')
    .option('--no-color', 'no colours')
    .addHelpText('after', examples('rehearse watch', 'rehearse watch run/ --no-tui'))
    .action((run: string, options: WatchOptions & Look) =>
      start(
        async (context) => (await import('./watch.js')).watchCommand(run, options, context),
        options,
      ),
    );
}

function addReporting(command: Command): void {
  command
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .addOption(reporterOption('what to print'))
    .addOption(repeatable('--objective <rule>', 'judge by these, such as "writes.lost == 0"'))
    .option('--out <folder>', 'write the reports there')
    .addOption(new Option('--ascii', 'only 7-bit characters'))
    .option('--no-color', 'no colours');
}

function historyIo({ output, cwd, env, stop, unheard }: CommandContext): HistoryIo {
  return {
    cwd,
    stop,
    ...(unheard === undefined ? {} : { unheard }),
    ...output.look,
    stepSummary: env.GITHUB_STEP_SUMMARY,
    stdout: (text) => output.data(text.replace(/\n$/, '')),
    stderr: (text) => output.log(text.replace(/\n$/, '')),
  };
}
