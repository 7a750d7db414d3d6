/** A scenario file of a user's own, run as the documentation has it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type History, readHistory } from '../../harness/history/read.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { processExists } from '../../sim/server/embedded/process-table.js';
import { rehearse, start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
const page = join(import.meta.dirname, '..', '..', 'docs', 'adding-a-scenario.md');
/** The examples of the page, by their first line. */
function example(fence: string, title: string): string {
  const blocks = readFileSync(page, 'utf8').split('```');
  const found = blocks.find((block) => block.startsWith(`${fence}\n${title}`));
  if (found === undefined) throw new Error(`the page has no ${title}`);
  return found.slice(fence.length + 1);
}

const quick = ['--timing', 'engine', '--pace', '1000000', '--steady', '500ms', '--settle', '500ms'];

let health: Server;
let port = 0;
beforeAll(async () => {
  health = createServer((_request, response) => response.end('well'));
  await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
  ({ port } = health.address() as AddressInfo);
});
afterAll(() => {
  health.closeAllConnections();
  health.close();
  place.remove();
});

function steps({ entries }: History) {
  return entries.flatMap((entry) =>
    entry.kind === 'note' && entry.data.step !== undefined ? [entry.data.step] : [],
  );
}

describe('the scenario file of the documentation', () => {
  it('is run, with one of every step', async () => {
    const text = example('yaml', '# our-upgrade.yaml').replace(':3000/', `:${port}/`);
    writeFileSync(join(place.folder, 'our-upgrade.yaml'), text);
    const out = join(place.folder, 'whole');
    const command = ['run', './our-upgrade.yaml', ...quick, '--json', '--out', out];
    const refused = await rehearse(command, place.folder);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('error APPROVAL_NEEDS_TERMINAL');
    const { code, stdout } = await rehearse([...command, '--yes'], place.folder);
    const report = JSON.parse(stdout) as RunReport;
    expect(report).toMatchObject({ verdict: 'pass', scenario: 'our-upgrade' });
    expect(report.servers.after?.version).toBe('17.5');
    expect(report.writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect(code).toBe(0);
    const history = await readHistory(join(out, 'history.ndjson'));
    expect(steps(history).map(({ kind, ok }) => `${kind} ${ok}`)).toEqual([
      ...['approval true', 'sql true', 'shell true', 'wait-until true', 'http true'],
    ]);
    const [shell] = steps(history).filter(({ kind }) => kind === 'shell');
    expect(shell?.output?.text).toBe('connected as app\n');
    const phases = history.entries.flatMap((entry) =>
      entry.kind === 'phase' && entry.data.edge === 'begin' ? [entry.data.name] : [],
    );
    expect(phases).toEqual([
      ...['start', 'steady', 'before', 'upgrade', 'upgrade', 'release', 'settle', 'verify'],
    ]);
  });

  it('is described, and refused with what is wrong in it', async () => {
    writeFileSync(join(place.folder, 'broken.yaml'), 'name: ours\nengin: postgres\n');
    const { code, stderr, stdout } = await rehearse(['describe', './broken.yaml'], place.folder);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain('error SCENARIO_FILE_INVALID: ./broken.yaml has 1 mistake');
    expect(stderr).toContain('./broken.yaml:2:1: KEY_UNKNOWN');
    writeFileSync(join(place.folder, 'our-upgrade.ts'), example('ts', '// our-upgrade.ts'));
    writeFileSync(join(place.folder, 'leaves.ts'), 'process.exit(0);');
    const left = await rehearse(['describe', './leaves.ts'], place.folder);
    expect(left).toMatchObject({ code: 64, stdout: '' });
    expect(left.stderr).toContain('SCENARIO_FILE_FAILED');
    const described = await rehearse(['describe', 'our-upgrade.ts'], place.folder);
    expect(described.stdout).toContain('operation upgrade-in-place');
    const dry = await rehearse(['run', 'our-upgrade.ts', '--dry-run', '--json'], place.folder);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, scenario: 'our-upgrade' });
  });

  it('leaves nothing running where a signal comes in the middle of a command', async () => {
    const ids = join(place.folder, 'ids');
    const command = `trap '' TERM; sleep 300 & echo $$ $! > ${ids}; echo begun; wait; sleep 300`;
    const text =
      'name: hangs\nengine: postgres\nversions: { from: "17.5" }\n' +
      `steps:\n  - step: shell\n    command: ${JSON.stringify(command)}\n`;
    writeFileSync(join(place.folder, 'hangs.yaml'), text);
    const run = start(['run', './hangs.yaml', '--steady', '0'], place.folder);
    await run.seen(/phase +procedure/);
    const ours = await written(ids);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(ours.length).toBe(2);
    expect(ours.filter(processExists)).toEqual([]);
  });
});

async function written(path: string): Promise<number[]> {
  for (let tries = 0; tries < 500; tries += 1) {
    try {
      const text = readFileSync(path, 'utf8').trim();
      if (text !== '') return text.split(' ').map(Number);
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the command never began');
}
