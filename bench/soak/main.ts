/**
 * The soak: `npm run soak -- [--runs 200] [--seed soak] [--parallel 2]`. Rehearsals with
 * disturbances that are drawn from a seed, each judged by what its own report says; a crash of the
 * tool or a report that contradicts itself fails it, and its run folder is kept.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contradictionsIn, soakReport } from './contradictions.js';
import { drawRun } from './draw.js';

/** A run that takes longer hangs. */
const runMsMax = 180_000;
const cli = join(import.meta.dirname, '..', '..', 'cli.js');
const say = (text: string): void => void process.stderr.write(`${text}\n`);

interface Ended {
  readonly exit: number;
  readonly verdict: string;
  /** Why the run counts against the tool; empty where it does not. */
  readonly wrong: readonly string[];
}

function run(command: readonly string[]): Promise<{ exit: number; stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: runMsMax, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const;
    execFile(process.execPath, [cli, ...command], options, (error, _stdout, stderr) => {
      const exit = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ exit, stderr });
    });
  });
}

async function soakOnce(seed: string, folder: string): Promise<Ended> {
  const { arguments: wanted } = drawRun(seed);
  const { exit, stderr } = await run([...wanted, '--out', folder]);
  const crashed = exit === -1 ? ['it crashed or hung'] : [];
  if (exit === 3 || exit > 3) crashed.push(`exit code ${exit}: ${stderr.trim().slice(-300)}`);
  if (/defect of rehearse|^\s+at .*\.js:\d+/m.test(stderr)) crashed.push(stderr.slice(-300));
  if (crashed.length > 0) return { exit, verdict: 'none', wrong: crashed };
  const parsed = soakReport.safeParse(
    JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')),
  );
  if (!parsed.success) return { exit, verdict: 'none', wrong: [parsed.error.message] };
  const again = await run(['report', folder, '--json']);
  const differs = again.exit === exit ? [] : [`read again it ends with ${again.exit}`];
  return {
    exit,
    verdict: parsed.data.verdict,
    wrong: [...contradictionsIn(parsed.data, exit), ...differs],
  };
}

async function soak(runs: number, seed: string, parallel: number): Promise<boolean> {
  const place = mkdtempSync(join(tmpdir(), 'rehearse-soak-'));
  const verdicts = new Map<string, number>();
  let next = 0;
  let wrongs = 0;
  const work = async (): Promise<void> => {
    while (next < runs) {
      const own = `${seed}-${next++}`;
      const folder = join(place, own);
      const { verdict, wrong } = await soakOnce(own, folder);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      if (wrong.length === 0) {
        rmSync(folder, { recursive: true, force: true });
        continue;
      }
      wrongs++;
      say(
        `${own}: ${drawRun(own).arguments.join(' ')}\n  ${wrong.join('\n  ')}\n  kept: ${folder}`,
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const told = [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  process.stdout.write(`${runs} runs from seed ${seed}: ${told}; ${wrongs} of them wrong\n`);
  if (wrongs === 0) rmSync(place, { recursive: true, force: true });
  return wrongs === 0;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: 'soak' },
    parallel: { type: 'string', default: '2' },
  },
});
const isClean = await soak(Number(values.runs), values.seed, Number(values.parallel));
process.exitCode = isClean ? 0 : 1;
