/** A rehearsal as a user starts it: what it costs beyond its modelled phases, and its memory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDurationMs } from '../harness/duration.js';
import { type Clock, systemClock } from '../sim/clock.js';
import type { Bench, Figure } from './figure.js';

/** The durations that a patch without fallback waits for, one after the other. */
const waited = ['precheckMs', 'refusedMs', 'startingUpMs', 'finishMs'].map(
  (name) => `zdp.success.pg.${name}`,
);

const report = z.object({
  verdict: z.string(),
  schedule: z.array(z.object({ name: z.string(), value: z.number() })),
  settings: z.looseObject({ steady: z.string(), settle: z.string() }),
});

interface Sample {
  readonly wallMs: number;
  readonly modelledMs: number;
  /** The most that the tool's process ever had, without its children; undefined off Linux. */
  readonly residentMb: number | undefined;
}

export const wholeRun: Bench = {
  name: 'whole-run',
  what: 'rehearse run aurora-postgres-zdp: overhead beyond its modelled phases, memory',
  run: async ({ quick, say }) => {
    const options = quick ? ['--timing', 'engine', '--steady', '1s', '--settle', '1s'] : [];
    const samples: Sample[] = [];
    for (let round = 0; round < (quick ? 1 : 7); round++) {
      const sample = await once(options);
      samples.push(sample);
      const { wallMs, modelledMs, residentMb } = sample;
      const overMs = (wallMs - modelledMs).toFixed(0);
      say(`round ${round + 1}: ${overMs} ms beyond, peak ${residentMb?.toFixed(0) ?? '?'} MB`);
    }
    return figures(samples, ['defaults', ...options].join(' '));
  },
};

function figures(samples: readonly Sample[], workload: string): Figure[] {
  return [
    {
      name: 'a rehearsal beyond its modelled phases',
      workload,
      unit: 'ms',
      samples: samples.map(({ wallMs, modelledMs }) => wallMs - modelledMs),
      target: { rule: '<=', value: 2_000 },
    },
    {
      name: 'a rehearsal in all',
      workload,
      unit: 'ms',
      samples: samples.map(({ wallMs }) => wallMs),
      target: null,
    },
    {
      name: 'peak memory of the tool, children excluded',
      workload,
      unit: 'MB',
      samples: samples.flatMap(({ residentMb }) => residentMb ?? []),
      target: { rule: '<', value: 250 },
    },
  ];
}

async function once(options: readonly string[]): Promise<Sample> {
  const clock = systemClock();
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  try {
    const tool = join(import.meta.dirname, '..', 'cli.js');
    const args = ['run', 'aurora-postgres-zdp', '--json', '--out', join(folder, 'run')];
    const beginNs = clock.nowNs();
    const ran = await watch(clock, [tool, ...args, ...options]);
    const wallMs = (clock.nowNs() - beginNs) / 1e6;
    const { verdict, schedule, settings } = report.parse(JSON.parse(ran.stdout));
    if (verdict !== 'pass') throw new Error(`the rehearsal's verdict is ${verdict}`);
    const phases = [settings.steady, settings.settle].map((text) => parseDurationMs(text) ?? 0);
    const draws = schedule.filter(({ name }) => waited.includes(name)).map(({ value }) => value);
    const modelledMs = [...phases, ...draws].reduce((sum, ms) => sum + ms, 0);
    return { wallMs, modelledMs, residentMb: ran.residentMb };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function watch(
  clock: Clock,
  args: readonly string[],
): Promise<{ stdout: string; residentMb: number | undefined }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let residentMb: number | undefined;
    const over = new AbortController();
    const look = async (): Promise<void> => {
      for (;;) {
        residentMb = peakMb(child.pid) ?? residentMb;
        await clock.sleep(50, over.signal);
      }
    };
    look().catch(() => undefined);
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      over.abort();
      if (status === 0) resolve({ stdout, residentMb });
      else reject(new Error(`rehearse run ended with ${status}: ${stderr.slice(-2_000)}`));
    });
  });
}

function peakMb(pid: number | undefined): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kb = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1];
    return kb === undefined ? undefined : (Number(kb) * 1_024) / 1e6;
  } catch {
    return undefined;
  }
}
