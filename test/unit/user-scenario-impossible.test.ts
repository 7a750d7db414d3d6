/** Scenario files whose every word is known, and which ask for what cannot be. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../cli/context.js';
import { findScenarioOrFile } from '../../cli/find-scenario.js';
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
function write(text: string, ending: string): string {
  const name = `file-${++count}.${ending}`;
  writeFileSync(join(place.folder, name), text);
  return name;
}

const load = (text: string) => findScenarioOrFile(write(text, 'yaml'), context);

async function refused(name: string): Promise<UserError> {
  const error = await findScenarioOrFile(name, context).catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

const head = "name: ours\nengine: postgres\nversions: { from: '17.4', to: '17.5' }\n";
const wait = '{ step: wait, for: 1s }';
const inSteps = (step: string): string => `${head}steps:\n  - ${step}\n`;

describe('a scenario file', () => {
  it.each<[string, string, string, string]>([
    [
      'statements for another engine',
      inSteps('{ step: sql, statements: { mysql: SELECT 1 } }'),
      '5:30: STATEMENTS_UNSUITED',
      'none for postgres (there is for mysql)',
    ],
    [
      'a question for another engine',
      inSteps(
        '{ step: wait-until, until: { condition: sql, statement: { mysql: a }, equals: 1 } }',
      ),
      'STATEMENTS_UNSUITED',
      'none for postgres',
    ],
    [
      'a step on a replica that nothing makes',
      inSteps('{ step: sql, on: replica, statements: SELECT 1 }'),
      '5:22: TARGET_MISSING',
      '"replica" is nobody',
    ],
    [
      'a wait for a replica that nothing makes',
      inSteps('{ step: wait-until, until: { condition: caught-up, of: replica } }'),
      'TARGET_MISSING',
      '"replica" is nobody',
    ],
    ['nothing to restore', inSteps('{ step: restore }'), '5:5: SNAPSHOT_MISSING', 'no snapshot'],
    [
      'a folder that is not there',
      inSteps("{ step: shell, command: 'true', folder: ./nowhere }"),
      '5:45: FOLDER_MISSING',
      'no folder ./nowhere',
    ],
    [
      'an objective that cannot be read',
      `${head}objectives: [writes.lost is 0]\nsteps: [${wait}]\n`,
      '4:14: OBJECTIVE_INVALID',
      'writes.lost is 0',
    ],
    [
      'a way down',
      `${head.replace("to: '17.5'", "to: '17.1'")}steps: [${wait}]\n`,
      '3:11: VERSION_INVALID',
      '17.1 is older than 17.4',
    ],
    [
      'a way down of one that is extended',
      "name: ours\nextends: rds-minor-in-place\nversions: { from: '17.5', to: '17.4' }\n",
      '3:11: VERSION_INVALID',
      '17.4 is older than 17.5',
    ],
    [
      'an operation whose name is near none',
      inSteps('{ step: operation, operation: zzzzzzzzzzzz }'),
      'OPERATION_UNKNOWN',
      'there are',
    ],
    ['an alias of nothing', `${head}title: *nobody\n`, '4:8: YAML_INVALID', 'nobody'],
  ])('with %s is told its place', async (_what, text, where, what) => {
    const name = write(text, 'yaml');
    const error = await refused(name);
    expect(error.code).toBe('SCENARIO_FILE_INVALID');
    expect(error.what).toContain(where);
    expect(error.what).toContain(what);
    expect(error.what).toContain(`${name}:`);
  });

  it('is told of what cannot be beside the rest', async () => {
    const text = `${head}objectives: [a, b]\nsteps:\n  - { step: restore }\n`;
    const { what } = await refused(write(text, 'yaml'));
    expect(what.match(/yaml:\d+:\d+: [A-Z_]+/g)).toHaveLength(3);
  });

  it('takes what it makes or says itself', async () => {
    const steps =
      '  - { step: snapshot }\n  - { step: operation, operation: create-read-replica }\n' +
      '  - { step: sql, on: replica, statements: { postgres: SELECT 1, mysql: SELECT 2 } }\n' +
      "  - { step: shell, command: 'true', folder: . }\n  - { step: restore }\n";
    const { scenario } = await load(`${head}steps:\n${steps}`);
    expect(scenario.phases[1]?.steps).toHaveLength(5);
  });

  it.each([
    ["const a: number = 1;\n\nthrow new Error('not today');", '3:7'],
    ['const a = 1;\nexport default {{\n', '2:'],
  ])('that is a program is told the line that it fails in', async (text, where) => {
    const name = write(text, 'ts');
    const { code, what } = await refused(name);
    expect(code).toBe('SCENARIO_FILE_FAILED');
    expect(what).toContain(`${name}:${where}`);
  });
});
