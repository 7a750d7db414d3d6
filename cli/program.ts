/** The commands and their options. Every action loads its own code: start-up stays quick. */
import { Command, Option } from 'commander';
import { userLikes } from '../sim/engine/user-like.js';
import { engineNames, providerNames } from '../sim/server/server.js';
import { clusterEngines, lateSessionChoices } from '../sim/sim.js';
import { timingChoices } from '../sim/timing.js';
import { examples, repeatable } from './command-text.js';
import { addCompare } from './compare-command.js';
import { addHistoryCommands } from './history-commands.js';
import { addOtherCommands } from './other-commands.js';
import { reporterOption } from './reporter-option.js';
import type { RunOptions } from './run-options.js';
import type { EngineOption } from './scenario-engine.js';
import type { Start } from './start.js';
import { switchOptions } from './switch-options.js';
import { tool } from './tool.js';

const exitHelp = `
Exit codes:
  0 pass   1 an objective failed   2 verdict unknown, or a defect of rehearse
  3 environment (engine, port)   64 usage   129/130/143 ended by a signal`;

/** Builds the program; `start` runs an action and keeps its exit code. */
export function buildProgram(start: Start): Command {
  const program = new Command('rehearse')
    .description(
      'Rehearse AWS RDS and Aurora database upgrades on real servers on this machine, and know ' +
        'with error bounds what your application will feel.',
    )
    .version(tool().version)
    .helpCommand('help [command]', 'the help of a command')
    .showHelpAfterError(false)
    .addHelpText(
      'after',
      examples('rehearse run aurora-postgres-zdp', 'rehearse describe aurora-postgres-zdp') +
        exitHelp,
    );
  addKnowledge(program, start);
  addRun(program, start);
  addHistoryCommands(program, start);
  addCompare(program, start);
  addOtherCommands(program, start);
  return program;
}

function engineOption(description: string): Option {
  const choices = [...new Set([...clusterEngines, ...engineNames])];
  return new Option('--engine <name>', description).choices(choices);
}

function addKnowledge(program: Command, start: Start): void {
  program
    .command('list')
    .description('the rehearsals there are')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', examples('rehearse list', 'rehearse list --json'))
    .action((options: { json?: boolean }) =>
      start(async (context) => (await import('./list.js')).listCommand(options, context)),
    );
  program
    .command('describe')
    .description('what a rehearsal does, what is real, what is modelled, and who says so')
    .argument('<scenario>', 'its name, or a file of your own')
    .addOption(engineOption('one of the engines that it exists for (default: the first)'))
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', examples('rehearse describe aurora-postgres-zdp'))
    .action((name: string, options: { json?: boolean; engine?: EngineOption }) =>
      start(async (context) =>
        (await import('./describe.js')).describeCommand(name, options, context),
      ),
    );
}

function addRun(program: Command, start: Start): void {
  const command = program
    .command('run')
    .description('run a rehearsal, measure it and judge it')
    .argument('<scenario>', 'its name, or a file of your own: ./our-upgrade.yaml, .ts');
  addMeasuring(command);
  addWorld(command);
  addSwitches(command);
  addServers(command);
  addDatabase(command);
  addShowing(command);
  command
    .addHelpText(
      'after',
      `${examples(
        'rehearse run aurora-postgres-zdp',
        'rehearse run aurora-postgres-zdp --json --seed 42 > run.json',
        'rehearse run aurora-postgres-zdp --dry-run --timing stress',
        "rehearse run aurora-postgres-zdp --objective 'new-connection.downtime <= 2s'",
        'rehearse run aurora-postgres-zdp --sessions idle=20,temp-table=1 --fault zdp-fallback',
        'rehearse run aurora-postgres-zdp --fault latency=20ms@T0-2s:5s',
        'rehearse run aurora-mysql-zdp --provider docker',
        'rehearse run aurora-mysql-zdp --engine mariadb --accept-substitute',
        'rehearse run aurora-failover --readers 2 --stale-dns 30s',
      )}${exitHelp}`,
    )
    .action((name: string, options: RunOptions) =>
      start(
        async (context) => (await import('./run.js')).runCommand(name, options, context),
        options,
      ),
    );
}

function addMeasuring(command: Command): void {
  command
    .option('--seed <seed>', 'the same seed gives the same schedule (default: drawn and printed)')
    .option('--dry-run', 'print the schedule and every drawn value; start nothing')
    .option('--interval <duration>', 'of the probes, from 10ms', '500ms')
    .option(
      '--timeout <duration>',
      'of one attempt (default: 5s for new connections, 30s for lanes that hold a session)',
    )
    .option(
      '--edge-interval <duration|off>',
      'of polls at the edges of an outage, whose time-out is 1s, or --interval if that is longer',
      '10ms',
    )
    .addOption(
      repeatable(
        '--objective <rule>',
        'such as "writes.lost == 0"; replaces the default on the same subject',
      ),
    )
    .option(
      '--sessions <spec|file>',
      'application sessions: idle=3,temp-table=1, none, or a census',
    )
    .option('--writes-per-second <number>', 'of the write ledger; 0 writes nothing', '20')
    .option('--steady <duration>', 'before the operation (default: 6s)')
    .option('--settle <duration>', 'after the operation (default: 3s)');
}

function addWorld(command: Command): void {
  command
    .option(
      '--timing <choice|file>',
      `${timingChoices.join(', ')} or a YAML or JSON file`,
      'typical',
    )
    .option('--pace <number>', 'control-plane waits are divided by this', '60')
    .addOption(repeatable('--fault <spec>', 'NAME[=VALUE][/TARGET][@[T0][+|-]TIME][:FOR]'))
    .option(
      '--long-running <duration>',
      'a query or transaction older than this is dropped (default: 5m)',
    )
    .addOption(
      new Option(
        '--late-sessions <choice>',
        'sessions busy at the quiet-point deadline (default: by the rehearsal)',
      ).choices([...lateSessionChoices]),
    )
    .addOption(
      new Option(
        '--prepared-statements <choice>',
        'where AWS does not document it (default: by the rehearsal)',
      ).choices(['survive', 'lost']),
    )
    .addOption(
      new Option('--last-insert-id <choice>', 'of MySQL (default: by the version before)').choices([
        'survive',
        'lost',
      ]),
    )
    .addOption(
      repeatable(
        '--pending-parameter <name>',
        'a change that waits for a reboot; the precheck refuses',
      ),
    )
    .addOption(repeatable('--set <name=value>', 'a switch of the rehearsal, as describe lists it'))
    .addOption(repeatable('--skip <name>', 'a step of the runbook, as describe lists it'))
    .option('--rollback', 'take a snapshot before, restore it after: what going back would lose')
    .option('--abort-at <phase|each>', 'go back at the end of that phase, as it is documented')
    .option('--yes', 'approve whatever a step asks')
    .option('--access <file>', 'write how to connect (PG*, MYSQL_*), for you only, for the run')
    .option('--network-alias <name[:port]>', 'what containers dial to reach the writer endpoint')
    .option('--network <name>', 'a Docker network that is there already (default: one of its own)')
    .option(
      '--through <what>',
      'before the writer: rds-proxy, pgbouncer, or a command with {{listen}} and {{upstream}}',
    )
    .option('--through-config <file>', 'its configuration, with placeholders; {{config}} names it');
}

/** What `--set` does, by the name of each switch. */
function addSwitches(command: Command): void {
  for (const { option, values, flag, scenarios } of switchOptions())
    command.option(
      `${option} ${flag ? '[value]' : '<value>'}`,
      `${values} (of ${scenarios.join(', ')})`,
    );
}

function addServers(command: Command): void {
  command
    .option(
      '--from <version>',
      'the version before, as AWS (17.4.5, 3.05) or the community (17.4, 8.0.32) has it',
    )
    .option('--to <version>', 'the version after')
    .option('--engine-version <version>', 'the version after, by its AWS option name')
    .addOption(
      engineOption('the engine, or the server that stands for it (default: the first of describe)'),
    )
    .addOption(
      new Option('--provider <name>', 'where servers come from: child processes or containers')
        .choices(['auto', ...providerNames])
        .default(undefined, 'auto'),
    )
    .addOption(
      repeatable('--image <engine=ref>', 'image of containers; {version} in it is the version'),
    )
    .option('--image-prefix <prefix>', 'before every image: a private registry')
    .option(
      '--accept-substitute',
      'judge what another flavour or series shows as if it were what was asked for',
    )
    .option('--offline', 'never download anything');
}

function addDatabase(command: Command): void {
  command
    .option('--schema <file|folder>', 'your own database: SQL of pg_dump, mysqldump or your own')
    .option('--data <file|folder|cmd:COMMAND>', 'its rows: SQL, or a command that prints SQL')
    .option('--refresh-data', 'load again, although the same was loaded before and kept')
    .option(
      '--engine-parameters <file>',
      'of the servers: postgresql.conf, my.cnf, YAML or JSON, or what the AWS CLI prints of yours',
    )
    .addOption(
      new Option('--user-like <kind>', "what the application's user may do")
        .choices([...userLikes])
        .default(undefined, 'application'),
    );
}

function addShowing(command: Command): void {
  command
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .addOption(reporterOption('write into the run folder too'))
    .option('--out <folder>', 'the run folder (default: .rehearse/runs/<scenario>/<time>)')
    .addOption(
      new Option('--format <name>', 'of the progress on stdout')
        .choices(['text', 'tsv', 'ndjson'])
        .default('text'),
    )
    .option('--no-tui', 'no screen: lines, as where stdout is no terminal')
    .option('--lines', 'lines only: no progress line that is drawn over')
    .option('--ascii', 'only 7-bit characters')
    .option('--color', 'colours, wherever stdout goes')
    .option('--no-color', 'no colours');
}
