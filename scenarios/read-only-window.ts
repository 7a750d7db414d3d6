/** A read-only window on an RDS instance: on, held for a while, off again. */
import type {
  OtherEngine,
  Phase,
  Scenario,
  Step,
  Switch,
  Topology,
  WayBack,
} from '../harness/scenario.js';

const groups =
  'AmazonRDS UserGuide/USER_WorkingWithParamGroups: a dynamic parameter is applied at once, and ' +
  'only a group of your own can be changed';
const readOnlyManual =
  'MySQL Reference Manual, Server System Variables, read_only: who is refused and who is not, ' +
  'and that the change waits for locks, running statements and transactions of others';
const postgresManual =
  'PostgreSQL documentation, Client Connection Defaults, default_transaction_read_only';
const measured =
  'measured for this tool on MySQL 8.0, 8.4 and 9.7 and on MariaDB 10.11: see docs/decisions.md';
const privileges =
  'AmazonRDS UserGuide/UsingWithRDS.MasterAccounts and AuroraUserGuide/' +
  'UsingWithRDS.MasterAccounts: what the first user may do';
const runbook =
  'AWS Database Blog, a runbook for schema changes of RDS for MySQL and MariaDB by way of a ' +
  'replica: the change of the parameter "takes a few minutes"';
const events = 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events';

/** The parameter by which a server takes no writes any more. */
export interface ReadOnlyParameter {
  readonly name: string;
  readonly on: string;
  readonly off: string;
  /** Asks for it, and what it answers when it is on. */
  readonly statement: string;
  readonly isOn: string;
  readonly isOff: string;
}

export const readOnlyOf = {
  mysql: {
    ...{ name: 'read_only', on: '1', off: '0' },
    ...{ statement: 'SELECT @@global.read_only', isOn: '1', isOff: '0' },
  },
  postgres: {
    ...{ name: 'default_transaction_read_only', on: 'on', off: 'off' },
    ...{ statement: 'SHOW default_transaction_read_only', isOn: 'on', isOff: 'off' },
  },
} as const satisfies Record<string, ReadOnlyParameter>;

export const sourceGroup = 'rehearsal-source';

/** One instance with a parameter group of its own, which says that it takes writes. */
export function withGroup({ name, off }: ReadOnlyParameter): Topology['clusters'][number] {
  const parameterGroup = { name: sourceGroup, values: { [name]: off } };
  const common = { identifier: 'rehearsal', members: [], privilegedWrites: true };
  return { ...common, role: 'primary', parameterGroup };
}

/** Lets writes in again, and looks that they are. */
export function writableAgain(parameter: ReadOnlyParameter): Step[] {
  const { name, off, statement, isOff } = parameter;
  return [
    {
      step: 'operation',
      name: 'writes allowed again',
      operation: 'modify-parameter-group',
      settings: {
        group: sourceGroup,
        parameters: [{ name, value: off, applyMethod: 'immediate' }],
      },
    },
    seen('writable', statement, isOff),
  ];
}

/** Refuses writes; takes T0 when it is asked for. */
export function refuseWrites({ name, on, ...rest }: ReadOnlyParameter): Step {
  return {
    step: 'start',
    operation: 'modify-parameter-group',
    settings: {
      group: sourceGroup,
      parameters: [{ name, value: on, applyMethod: 'immediate' }],
      openTransactions: 'server',
    },
    undo: writableAgain({ name, on, ...rest }),
  };
}

/** From the change on until it has taken effect: what was asked for comes to its end first. */
export const changeUnderWay: WayBack = {
  possible: true,
  what: 'The change of the parameter group is waited for, and taken back [groups].',
  steps: [{ step: 'finish', operation: 'modify-parameter-group', mayFail: true }],
};

/** What the runbook looks for by hand. */
export function seen(name: string, statement: string, equals: string): Step {
  return {
    step: 'wait-until',
    name: `the source says that it is ${name}`,
    until: { condition: 'sql', on: 'primary', as: 'application', statement, equals },
    timeoutMs: 60_000,
  };
}

/** How a transaction fares that is open at the flip. */
export const openTransaction: Switch = {
  option: '--open-transaction',
  values: 'server | wait | fail',
  byDefault: 'server',
  why:
    'What becomes of a transaction that has written when the parameter takes effect. MySQL says ' +
    'that the change waits for it [readOnlyManual]; servers were seen to refuse its COMMIT ' +
    '[measured]; whether RDS waits before it applies the parameter is published nowhere. server: ' +
    'as the server at hand does, which the report says; wait: all that are open end first, and ' +
    'who begins to write meanwhile waits; fail: none of them commits.',
  setting: {
    of: 'operation',
    operation: 'modify-parameter-group',
    name: 'openTransactions',
    allowed: ['server', 'wait', 'fail'],
  },
};

function phasesWith(parameter: ReadOnlyParameter): Phase[] {
  return [
    {
      name: 'steady',
      what: 'Sessions and probes run against a server that takes writes.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
      back: back('Nothing was changed.'),
    },
    {
      name: 'prepare',
      what: 'The parameter group of the source is changed.',
      steps: [refuseWrites(parameter)],
      back: changeUnderWay,
    },
    {
      name: 'flip',
      t0: true,
      what: 'After a while that AWS does not tell, the server refuses writes.',
      steps: [
        { step: 'finish', operation: 'modify-parameter-group' },
        seen('read-only', parameter.statement, parameter.isOn),
      ],
      back: back('The change of the group is awaited, and taken back [groups].'),
    },
    {
      name: 'window',
      what: 'Who reads goes on; who writes is refused.',
      refusesWrites: true,
      steps: [{ step: 'wait', name: 'hold', durationMs: 5_000 }],
      back: back('The parameter group is changed back [groups].'),
    },
    {
      name: 'lift',
      what: 'The group is changed back; the window ends when that has taken effect.',
      steps: writableAgain(parameter),
      back: back('The window is over.'),
    },
    {
      name: 'settle',
      what: 'Sessions and probes run against a server that takes writes again.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, and every acknowledged write is looked for.',
      steps: [{ step: 'verify' }],
    },
  ];
}

/** What takes the steps back is beside them. */
export function back(what: string): WayBack {
  return { possible: true, what, steps: [] };
}

/** To a server that gets nothing of what is written from here on. */
export function backWithout(what: string): WayBack {
  return { ...back(what), losesWritesSince: true };
}

const timingProfiles = ['parameters.apply'] as const;

/** MySQL and MariaDB have the same parameter. */
const other = (engine: 'mysql' | 'mariadb', version: string): OtherEngine => ({
  engine,
  versions: { from: version, to: version },
  timingProfiles,
  topology: { clusters: [withGroup(readOnlyOf.mysql)] },
  phases: phasesWith(readOnlyOf.mysql),
});

export const readOnlyWindow: Scenario = {
  name: 'read-only-window',
  title: 'RDS: a read-only window by parameter group',
  engine: 'postgres',
  otherEngines: [other('mysql', '8.0.42'), other('mariadb', '10.11')],
  summary:
    'Changes the parameter that makes an instance read-only, holds it for a while and changes it ' +
    'back: what writers and readers feel, what becomes of a transaction that is open at the ' +
    'flip, and who can write all the same.',
  versions: { from: '17.5', to: '17.5' },
  upgrade: 'none',
  topology: { clusters: [withGroup(readOnlyOf.postgres)] },
  phases: phasesWith(readOnlyOf.postgres),
  objectives: [
    'writer.downtime <= 5m',
    'new-connection.downtime <= 1s',
    'writes.lost == 0',
    'writes.duplicated == 0',
  ],
  timingProfiles: [...timingProfiles],
  switches: [
    openTransaction,
    {
      option: '--hold',
      values: 'a duration',
      byDefault: '5s',
      why: 'How long the window is held before the parameter is changed back.',
      setting: { of: 'wait', step: 'hold' },
    },
  ],
  defects: [],
  parts: [
    {
      heading: 'In this order',
      statements: [
        'The instance has a parameter group of its own: that of AWS cannot be changed [groups].',
        'T0: ModifyDBParameterGroup. It takes effect some time later: "a few minutes" [runbook], ' +
          'divided by --pace, since nobody feels it.',
        'From then on writes are refused. The report says what became of an open transaction, ' +
          "and whether the application's user could write.",
        'The change back takes as long again. Clients wait for its end: it is never compressed.',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'MySQL and MariaDB: 1290 for every write, from COMMIT too; sessions stay, reads go on ' +
          '[readOnlyManual].',
        'Postgres: 25006 for every write in a transaction that began since; one that was open ' +
          'commits. Any session may set the default otherwise and write: it is no lock ' +
          '[postgresManual].',
        'A pool that keeps its connections through 1290 or 25006 is well again when the window ' +
          'ends.',
      ],
    },
    {
      heading: 'Who writes all the same',
      statements: [
        'On MySQL users with CONNECTION_ADMIN or SUPER, which the first user of Aurora MySQL 3 ' +
          'has [privileges]; of RDS for MySQL up to 8.0.35 it may be granted. --user-like ' +
          'rds-master gives the application those privileges, and the writes of the ledger are ' +
          'its own then.',
        'On MariaDB users with READ_ONLY ADMIN, which RDS gives to nobody [privileges].',
        'Temporary tables, and whatever replication applies [readOnlyManual].',
      ],
    },
  ],
  real: [
    'the parameter, set on the real server, and every refusal that a client gets',
    'the open transaction that sees the flip, and its COMMIT',
    "the write that the application's user tries while the server is read-only",
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long a change takes to be in force: AWS gives no length, a runbook says a few minutes',
    'the texts of events [events]',
    '--open-transaction wait: a real lock on all tables, let go before the parameter is set',
  ],
  sources: [
    { label: 'groups', where: groups },
    { label: 'readOnlyManual', where: readOnlyManual },
    { label: 'postgresManual', where: postgresManual },
    { label: 'measured', where: measured },
    { label: 'privileges', where: privileges },
    { label: 'runbook', where: runbook },
    { label: 'events', where: events },
  ],
};
