/** Commands beside `run`: reports, probes, imports, and the care of this machine. */
import { type Command, Option } from 'commander';
import { examples, repeatable } from './command-text.js';
import type { DoctorOptions } from './doctor.js';
import type { FetchCommandOptions } from './fetch-command.js';
import type { Look } from './output.js';
import type { ProbeOptions } from './probe-plan.js';
import type { Start } from './start.js';

const jsonOption = ['--json', 'one JSON document on stdout'] as const;

export function addOtherCommands(program: Command, start: Start): void {
  addProbe(program, start);
  addMachine(program, start);
  addFetch(program, start);
}

function addProbe(program: Command, start: Start): void {
  const command = program
    .command('probe')
    .description(
      'poll Postgres, MySQL or MariaDB with the lanes of a rehearsal; read-only unless told',
    )
    .argument('[url...]', 'the same as --target')
    .addOption(
      repeatable(
        '--target <[name=]url>',
        'postgres://user@host:5432/database, mysql:// or mariadb://, no password',
      ),
    )
    .option('--lanes <kinds>', 'separated by commas (default: all that only read)')
    .option('--interval <duration>', 'of the polls, from 10ms', '500ms')
    .option('--timeout <duration>', 'of one attempt', '5s')
    .option('--duration <duration>', 'ends by itself after this time')
    .option(
      '--until-stable <duration>',
      'ends once it happened (an outage, a new version) and no lane has failed for this time since',
    )
    .option('--edge', 'poll every 10 ms at the edges of an outage; hard on a recovering server')
    .addOption(repeatable('--objective <rule>', 'such as "new-connection.downtime <= 2s"'));
  addProbeAccess(command);
  command
    .addHelpText(
      'after',
      examples(
        'rehearse probe postgres://me@db.example:5432/app --duration 10m',
        'rehearse probe --target blue=postgres://me@10.0.0.1/app --until-stable 2m --json',
        'rehearse probe --target postgres://me@db.example/app --password-file ~/.secret',
        'rehearse probe mysql://me@db.example:3306/app --until-stable 2m --format published',
      ),
    )
    .action((urls: string[], options: ProbeOptions & Look) =>
      start(async (context) => {
        const target = [...options.target, ...urls];
        return (await import('./probe.js')).runProbe({ ...options, target }, context);
      }, options),
    );
}

function addProbeAccess(command: Command): void {
  command
    .addOption(
      new Option('--tls <mode>', 'how much of TLS (default: by the host)').choices([
        'disable',
        'require',
        'verify-ca',
        'verify-full',
      ]),
    )
    .option('--ca <file>', 'PEM of the authority to trust with verify-ca and verify-full')
    .option(
      '--password-env <name>',
      'the variable that holds the password (else PGPASSWORD or MYSQL_PWD)',
    )
    .option('--password-file <file>', 'the file whose first line is the password')
    .option('--password-command <command>', 'prints the password; asked again every 10 minutes')
    .option('--write-table <table>', 'schema.table that the writer lane may write to')
    .option('--create-table', 'make that table first')
    .addOption(
      new Option('--format <name>', 'of the lines on stdout')
        .choices(['text', 'tsv', 'ndjson', 'published'])
        .default('text'),
    )
    .option('--out <folder>', 'the run folder (default: .rehearse/runs/probe/<time>)')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--ascii', 'only 7-bit characters')
    .option('--no-color', 'no colours');
}

function addMachine(program: Command, start: Start): void {
  program
    .command('doctor')
    .description('what this machine can run, from where, and what is in the way')
    .addOption(repeatable('--image <engine=ref>', 'look for this image, as run does'))
    .option('--image-prefix <prefix>', 'before every image: a private registry')
    .option(...jsonOption)
    .addHelpText('after', examples('rehearse doctor', 'rehearse doctor --json'))
    .action((options: DoctorOptions) =>
      start(async (context) => (await import('./doctor.js')).doctorCommand(options, context)),
    );
  program
    .command('gc')
    .description('remove what runs that were killed have left, and only that')
    .option('--templates', 'also the databases that --schema and --data have loaded')
    .option(...jsonOption)
    .addHelpText('after', examples('rehearse gc', 'rehearse gc --templates'))
    .action((options: { json?: boolean; templates?: boolean }) =>
      start(async (context) => (await import('./gc.js')).gcCommand(options, context)),
    );
}

function addFetch(program: Command, start: Start): void {
  program
    .command('fetch')
    .description(
      'bring database binaries to this machine, or into a bundle for one without network',
    )
    .argument('<engine@version>', 'such as postgres@17.6')
    .option('--to <folder>', 'write an offline bundle there; use it with REHEARSE_ENGINES_DIR')
    .addOption(repeatable('--platform <name>', 'of the bundle, such as linux-arm64'))
    .option('--offline', 'never download anything')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples(
        'rehearse fetch postgres@17.6',
        'rehearse fetch postgres@17.6 --to bundle --platform linux-x64',
      ),
    )
    .action((engine: string, options: FetchCommandOptions) =>
      start(async (context) =>
        (await import('./fetch-command.js')).fetchCommand(engine, options, context),
      ),
    );
}
