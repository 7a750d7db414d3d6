/** A blue/green rehearsal as a user starts it: what it costs beyond its modelled phases. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDurationMs } from '../harness/duration.js';
import { systemClock } from '../sim/clock.js';
import type { Bench } from './figure.js';

/** The durations that a switchover waits for, one after the other. */
const waited: readonly string[] = [
  'bg.create.replicaMs',
  'bg.create.upgradeMs',
  'bg.create.topologyMs',
  'bg.switchover.initiatedMs',
  'bg.switchover.2026.readOnlyMs',
  'bg.switchover.2026.refusedMs',
  'bg.switchover.finishMs',
];
/** These two pass at the same time. */
const atOnce: readonly string[] = [
  'bg.switchover.2026.readsFirstMs',
  'bg.switchover.2026.staleDnsMs',
];

const report = z.object({
  verdict: z.string(),
  schedule: z.array(z.object({ name: z.string(), value: z.number() })),
  settings: z.looseObject({ steady: z.string(), settle: z.string() }),
});

export const blueGreenOverhead: Bench = {
  name: 'blue-green-overhead',
  what: 'rehearse run blue-green: overhead beyond its modelled phases',
  run: async ({ quick, say }) => {
    const options = ['--pace', quick ? '1000000' : '600', ...(quick ? ['--steady', '1s'] : [])];
    const samples: number[] = [];
    for (let round = 0; round < (quick ? 1 : 7); round++) {
      const beyondMs = await once(options);
      samples.push(beyondMs);
      say(`round ${round + 1}: ${beyondMs.toFixed(0)} ms beyond`);
    }
    return [
      {
        name: 'a blue/green rehearsal beyond its modelled phases',
        workload: ['embedded Postgres 17.4 to 17.5', ...options].join(' '),
        unit: 'ms',
        samples,
        target: { rule: '<=', value: 5_000 },
      },
    ];
  },
};

async function once(options: readonly string[]): Promise<number> {
  const clock = systemClock();
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  try {
    const tool = join(import.meta.dirname, '..', 'cli.js');
    const args = [tool, 'run', 'blue-green', '--json', '--out', join(folder, 'run'), ...options];
    const beginNs = clock.nowNs();
    const { verdict, schedule, settings } = report.parse(JSON.parse(await output(args)));
    const wallMs = (clock.nowNs() - beginNs) / 1e6;
    if (verdict !== 'pass') throw new Error(`the rehearsal's verdict is ${verdict}`);
    const valuesOf = (names: readonly string[]): number[] =>
      schedule.flatMap(({ name, value }) => (names.includes(name) ? [value] : []));
    const steadyMs = parseDurationMs(settings.steady) ?? 0;
    const settleMs = parseDurationMs(settings.settle) ?? 0;
    // Steady twice: before green is made, and while it follows.
    const phases = [steadyMs, steadyMs, settleMs, Math.max(...valuesOf(atOnce))];
    const modelledMs = [...phases, ...valuesOf(waited)].reduce((sum, ms) => sum + ms, 0);
    return wallMs - modelledMs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function output(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(stdout);
      else reject(new Error(`rehearse run ended with ${status}: ${stderr.slice(-2_000)}`));
    });
  });
}
