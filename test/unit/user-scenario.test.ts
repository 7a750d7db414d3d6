/** Scenario files of a user's own: what is read of good ones, and what is said of broken ones. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../cli/context.js';
import { allSettings, findScenarioOrFile } from '../../cli/find-scenario.js';
import { systemClock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const context = {
  cwd: place.folder,
  clock: systemClock(),
  stop: new AbortController().signal,
} as unknown as CommandContext;

let count = 0;
function write(text: string | Buffer, ending: string): string {
  const name = `file-${++count}.${ending}`;
  writeFileSync(join(place.folder, name), text);
  return name;
}

const load = (text: string | Buffer, ending = 'yaml') =>
  findScenarioOrFile(write(text, ending), context);

async function refused(name: string): Promise<UserError> {
  const error = await findScenarioOrFile(name, context).catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.exit).toBe('usage');
  return error;
}

const head = "name: ours\nengine: postgres\nversions: { from: '17.4', to: '17.5' }\n";

describe('a scenario file', () => {
  it('says little, and the rest is known', async () => {
    const { scenario } = await load(`${head}steps:\n  - { step: sql, statements: SELECT 1 }\n`);
    expect(scenario).toMatchObject({ name: 'ours', upgrade: 'minor', engine: 'postgres' });
    expect(scenario.phases.map(({ name }) => name)).toEqual([
      ...['steady', 'procedure', 'settle', 'verify'],
    ]);
    expect(scenario.phases[1]).toMatchObject({
      t0: true,
      steps: [{ step: 'sql', on: 'primary', as: 'application', statements: ['SELECT 1'] }],
    });
    expect(scenario.objectives).toContain('writes.lost == 0');
  });

  it('takes what its operations need from the rehearsals that ship', async () => {
    const text =
      'name: ours\nengine: aurora-postgresql\nversions: { from: 17.5 }\n' +
      'steps:\n  - { step: operation, operation: failover, settings: { fencing: black-hole } }\n';
    const { scenario } = await load(text);
    expect(scenario.upgrade).toBe('none');
    expect(scenario.timingProfiles).toEqual(['aurora.failover.direct.pg']);
    expect(scenario.topology?.clusters[0]?.members).toEqual(['reader']);
    expect(scenario.phases[1]?.steps).toEqual([
      {
        step: 'operation',
        operation: 'failover',
        settings: { fencing: 'black-hole', cause: 'requested', zone: 'cross', targetFails: false },
      },
    ]);
  });

  it('begins a phase where a step names one, and keeps a version as it is written', async () => {
    const steps =
      'steps:\n  - { step: wait, for: 1s, phase: a }\n  - { step: wait, for: 2s }\n' +
      '  - { step: wait, for: 3s, phase: b, undo: [{ step: wait, for: 4s }] }\n';
    const { scenario } = await load(
      `name: ours\nengine: postgres\nversions: { from: 17.10 }\n${steps}`,
    );
    expect(scenario.versions).toEqual({ from: '17.10', to: '17.10' });
    expect(scenario.phases.slice(1, 3)).toMatchObject([
      { name: 'a', steps: [{ durationMs: 1_000 }, { durationMs: 2_000 }] },
      { name: 'b', steps: [{ durationMs: 3_000, undo: [{ durationMs: 4_000 }] }] },
    ]);
  });

  it('extends one that ships, and sets its switches unless the command line does', async () => {
    const text = 'name: ours\nextends: aurora-failover\nset: { stale-dns: 30s, readers: 2 }\n';
    const { scenario, set } = await load(`${text}objectives: [writes.lost == 0]\n`);
    expect(scenario).toMatchObject({ name: 'ours', objectives: ['writes.lost == 0'] });
    expect(scenario.phases.map(({ name }) => name)).toContain('failover');
    expect(allSettings(set, ['readers=1'])).toEqual(['stale-dns=30s', 'readers=1']);
  });

  it.each(['ts', 'mts', 'js', 'mjs'])('is a program that ends in .%s', async (ending) => {
    const typed = ending.endsWith('ts') ? ': string' : '';
    const { scenario } = await load(
      `import { defineScenario } from 'rehearse';\nconst name${typed} = 'ours';\n` +
        "export default defineScenario({ name, engine: 'postgres', versions: { from: '17.5' },\n" +
        "  steps: [{ step: 'wait', for: '1s' }] });\n",
      ending,
    );
    expect(scenario).toMatchObject({ name: 'ours', upgrade: 'none' });
  });
});

const wait = '{ step: wait, for: 1s }';
const inSteps = (step: string): string => `${head}steps:\n  - ${step}\n`;

describe('a broken scenario file', () => {
  it.each<[string, string, string, string]>([
    ['a misspelt key', `${head}stpes: []\n`, '4:1: KEY_UNKNOWN', 'did you mean steps?'],
    [
      'a misspelt key of a step',
      inSteps('{ step: sql, statments: SELECT 1 }'),
      '5:18: KEY_UNKNOWN',
      'did you mean statements?',
    ],
    [
      'an unknown step',
      inSteps('{ step: sqll, statements: a }'),
      '5:13: STEP_UNKNOWN',
      'did you mean sql?',
    ],
    [
      'a step without a kind',
      inSteps('{ statements: a }'),
      '5:5: KEY_MISSING',
      '"step" is missing',
    ],
    ['a missing key', inSteps('{ step: shell }'), '5:5: KEY_MISSING', '"command" is missing'],
    [
      'another type',
      inSteps('{ step: shell, command: [a] }'),
      '5:29: VALUE_INVALID',
      'is a list, where a text',
    ],
    ['no step at all', inSteps('just a text'), '5:5: VALUE_INVALID', 'a group of keys is needed'],
    [
      'no length of time',
      inSteps('{ step: wait, for: 5 apples }'),
      '5:24: VALUE_INVALID',
      'no length of time',
    ],
    [
      'no address',
      inSteps('{ step: http, url: localhost }'),
      '5:24: VALUE_INVALID',
      'no address that begins',
    ],
    [
      'a file for an address',
      inSteps("{ step: http, url: 'file:///etc/passwd' }"),
      '5:24: VALUE_INVALID',
      'no address',
    ],
    [
      'no status',
      inSteps("{ step: http, url: 'http://a/', status: 7 }"),
      '5:45: VALUE_INVALID',
      'at least 100',
    ],
    [
      'an unknown condition',
      inSteps('{ step: wait-until, until: { condition: lagg } }'),
      '5:45: CONDITION_UNKNOWN',
      'did you mean lag?',
    ],
    [
      'a condition of nothing',
      inSteps('{ step: wait-until, until: { condition: sql, statement: a } }'),
      'KEY_MISSING',
      '"equals", "atMost", "atLeast"',
    ],
    [
      'an unknown fault',
      inSteps('{ step: fault, fault: latenci=1ms, for: 1s }'),
      '5:27: FAULT_INVALID',
      'there is no fault "latenci"',
    ],
    [
      'a fault with a time',
      inSteps('{ step: fault, fault: latency=1ms@5s, for: 1s }'),
      'FAULT_INVALID',
      'has a time',
    ],
    [
      'an unknown operation',
      inSteps('{ step: operation, operation: failovr }'),
      '5:35: OPERATION_UNKNOWN',
      'did you mean failover?',
    ],
    [
      'an operation of another engine',
      inSteps('{ step: operation, operation: zero-downtime-patch }'),
      'OPERATION_UNSUITED',
      'on postgres',
    ],
    [
      'an unknown setting',
      inSteps('{ step: operation, operation: failover, settings: { fencng: reset } }'),
      '5:57: SETTING_UNKNOWN',
      'did you mean fencing?',
    ],
    [
      'a setting that cannot be',
      inSteps('{ step: operation, operation: failover, settings: { fencing: ajar } }'),
      'SETTING_INVALID',
      'is "ajar", and not one of',
    ],
    [
      'who may log in',
      inSteps('{ step: sql, as: root, statements: a }'),
      '5:22: VALUE_INVALID',
      'one of application, admin',
    ],
    [
      'an undo with an undo',
      inSteps('{ step: wait, for: 1s, undo: [{ step: wait, for: 1s, undo: [] }] }'),
      'KEY_UNKNOWN',
      'no "undo"',
    ],
    [
      'an unknown engine',
      'name: ours\nengine: postgress\nversions: { from: "17.5" }\nsteps: []\n',
      '2:9: VALUE_INVALID',
      'did you mean postgres?',
    ],
    ['no steps', head, '1:1: KEY_MISSING', '"phases" is missing'],
    [
      'steps and phases',
      `${head}steps: [${wait}]\nphases: [{ name: a, steps: [${wait}] }]\n`,
      'KEY_CONTRADICTS',
      'phases',
    ],
    [
      'a phase twice',
      `${head}phases:\n  - { name: a, steps: [${wait}] }\n  - { name: a, steps: [${wait}] }\n`,
      '6:13: PHASE_TWICE',
      'two phases "a"',
    ],
    [
      'a phase of every run',
      `${head}phases:\n  - { name: verify, steps: [{ step: wait, for: 1s }] }\n`,
      '5:13: PHASE_RESERVED',
      '"verify"',
    ],
    [
      'no version',
      'name: ours\nengine: postgres\nversions: { from: new }\nsteps: [{ step: wait, for: 1s }]\n',
      '3:11: VERSION_INVALID',
      'not a version',
    ],
    [
      'an unknown rehearsal to extend',
      'name: ours\nextends: aurora-failovr\n',
      '2:10: SCENARIO_UNKNOWN',
      'did you mean aurora-failover?',
    ],
    [
      'an unknown switch',
      'name: ours\nextends: aurora-failover\nset: { stale-dn: 1s }\n',
      '3:8: SET_UNKNOWN',
      'did you mean stale-dns?',
    ],
    [
      'steps beside those extended',
      'name: ours\nextends: reboot\nsteps: [{ step: wait, for: 1s }]\n',
      '3:1: KEY_CONTRADICTS',
      'leave it out',
    ],
    [
      'a name that is taken',
      `${head.replace('ours', 'reboot')}steps: [{ step: wait, for: 1s }]\n`,
      '1:7: NAME_TAKEN',
      'reboot',
    ],
    [
      'a name that is none',
      `${head.replace('ours', 'Our Upgrade')}steps: [{ step: wait, for: 1s }]\n`,
      '1:7: VALUE_INVALID',
      'no name',
    ],
    [
      'an unknown profile',
      `${head}timing: [rds.minor.inplce]\nsteps: [{ step: wait, for: 1s }]\n`,
      '4:10: TIMING_UNKNOWN',
      'did you mean rds.minor.inplace?',
    ],
    ['no YAML', 'name: [ours\nengine: x\n', 'YAML_INVALID', ''],
    ['a key twice', `${head}name: again\n`, '4:1: YAML_INVALID', 'unique'],
    ['a list', '- 1\n- 2\n', '1:1: VALUE_INVALID', 'it is a list'],
    ['a text', 'ours\n', '1:1: VALUE_INVALID', 'it is a text'],
  ])('with %s is told its place', async (_what, text, where, what) => {
    const name = write(text, 'yaml');
    const error = await refused(name);
    expect(error.code).toBe('SCENARIO_FILE_INVALID');
    expect(error.what).toContain(where);
    expect(error.what).toContain(what);
    expect(error.what).toContain(`${name}:`);
  });

  it('is told all of its mistakes at once', async () => {
    const steps = '  - { step: sqll }\n  - { step: shell }\n  - { step: wait, for: long }\n';
    const { what } = await refused(write(`${head}steps:\n${steps}`, 'yaml'));
    expect(what).toContain('has 3 mistakes');
    expect(what.match(/yaml:\d+:\d+: [A-Z_]+:/g)).toHaveLength(3);
  });

  it('that is a program is told the path of the value', async () => {
    const text =
      "export default { name: 'ours', engine: 'postgres', versions: { from: '17.5' }, steps: [\n" +
      "  { step: 'wait', for: '1s' }, { step: 'shell', comand: 'true' },\n" +
      "  { step: 'sql', statements: () => 1 } ] };\n";
    const { what } = await refused(write(text, 'ts'));
    expect(what).toContain(
      'steps[1]: KEY_UNKNOWN: there is no "comand" here; did you mean command?',
    );
    expect(what).toContain('steps[2].statements: VALUE_INVALID');
  });

  it.each([
    ['that throws', "throw new Error('not today');", 'SCENARIO_FILE_FAILED', 'not today'],
    ['with a syntax error', 'export default {{', 'SCENARIO_FILE_FAILED', 'could not be loaded'],
    [
      'that imports nothing there is',
      "import 'no-such-package';",
      'SCENARIO_FILE_FAILED',
      'no-such-package',
    ],
    [
      'without a default',
      'export const a = 1;',
      'SCENARIO_FILE_NO_DEFAULT',
      'exports nothing by default',
    ],
    [
      'that goes round in circles',
      'const a = { name: "a" }; a.extends = a; a.steps = [a]; export default a;',
      'SCENARIO_FILE_INVALID',
      'nested without end',
    ],
    ['that exports a function', 'export default () => 1;', 'SCENARIO_FILE_INVALID', 'it is'],
  ])('that is a program %s', async (_what, text, code, what) => {
    const error = await refused(write(text, 'ts'));
    expect(error.code).toBe(code);
    expect(error.what).toContain(what);
  });

  it.each<[string, () => string, string]>([
    ['missing', () => './nowhere.yaml', 'SCENARIO_FILE_MISSING'],
    ['empty', () => write('', 'yaml'), 'SCENARIO_FILE_EMPTY'],
    ['only blank', () => write(' \n\n', 'ts'), 'SCENARIO_FILE_EMPTY'],
    ['binary', () => write(Buffer.from([0, 1, 2, 255, 254]), 'yaml'), 'SCENARIO_FILE_NOT_TEXT'],
    ['of 10 MB', () => write(`a: ${'x'.repeat(10_000_000)}`, 'yaml'), 'SCENARIO_FILE_TOO_LARGE'],
    ['of another kind', () => `./${write('a', 'txt')}`, 'SCENARIO_FILE_KIND_UNKNOWN'],
    ['a folder', () => folder('a.yaml'), 'SCENARIO_FILE_UNREADABLE'],
    ['a pipe', () => pipe('b.yaml'), 'SCENARIO_FILE_UNREADABLE'],
  ])('that is %s', async (_what, name, code) => {
    expect((await refused(name())).code).toBe(code);
  });

  it('that is a bomb of aliases is refused at once', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => {
      const before = level === 0 ? 'x, x' : `*a${level - 1}, *a${level - 1}, *a${level - 1}`;
      return `a${level}: &a${level} [${before}]`;
    });
    const error = await refused(write(`${levels.join('\n')}\n`, 'yaml'));
    expect(error.what).toContain('YAML_INVALID');
  });
});

function folder(name: string): string {
  mkdirSync(join(place.folder, name));
  return `./${name}`;
}

function pipe(name: string): string {
  execFileSync('mkfifo', [join(place.folder, name)]);
  return `./${name}`;
}
