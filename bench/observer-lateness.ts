/**
 * Whether drawing is felt by the probes: the same rehearsal on a terminal, in turns with its screen
 * and with lines. The observer lane tells how late the probes' thread was; a port that is closed
 * for a known time tells how wide the bounds of an outage became.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import { type Bench, type Figure, notMeasured } from './figure.js';

const intervalMs = 10;
/** Before the patch, so that nothing but the fault closes the port. */
const outage = { beginMs: 4_000, lengthMs: 500 };

interface Sample {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Upper less lower bound of the outage. */
  readonly widthMs: number;
}

export const observerLateness: Bench = {
  name: 'observer-lateness',
  what: 'the screen beside probes at 10 ms: how late they are, and the bounds of an outage',
  run: async ({ quick, say }) => {
    const name = 'the screen beside probes';
    if (process.platform !== 'linux') return [notMeasured(name, 'a terminal', 'needs script(1)')];
    const samples = { on: [] as Sample[], off: [] as Sample[] };
    for (let round = 0; round < (quick ? 1 : 7); round++) {
      // Who is first takes turns too.
      const order = round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const);
      for (const screen of order) {
        const sample = await once(screen);
        samples[screen].push(sample);
        const { medianMs, p99Ms, worstMs, widthMs } = sample;
        const late = [medianMs, p99Ms, worstMs].map((one) => one.toFixed(2)).join(', ');
        say(`screen ${screen}: late by ${late} ms (median, p99, worst), bounds ${widthMs} ms wide`);
      }
    }
    return figures(samples);
  },
};

function figures({ on, off }: { on: readonly Sample[]; off: readonly Sample[] }): Figure[] {
  const workload = `a patch on a terminal, ${intervalMs} ms, in turns`;
  const plain = (name: string, samples: readonly number[]): Figure => {
    return { name, workload, unit: 'ms', samples, target: null };
  };
  const pairs = on.flatMap((one, index) => {
    const other = off[index];
    return other === undefined ? [] : [{ one, other }];
  });
  const fields = ['medianMs', 'p99Ms', 'worstMs', 'widthMs'] as const;
  const titles = {
    medianMs: 'observer late, median',
    p99Ms: 'observer late, p99',
    worstMs: 'observer late, worst',
    widthMs: 'width of the bounds',
  };
  return [
    ...fields.flatMap((field) => [
      plain(
        `${titles[field]}, screen on`,
        on.map((sample) => sample[field]),
      ),
      plain(
        `${titles[field]}, screen off`,
        off.map((sample) => sample[field]),
      ),
    ]),
    {
      name: 'observer late, p99, screen on / off',
      workload,
      unit: 'x',
      samples: pairs.map(({ one, other }) => one.p99Ms / other.p99Ms),
      target: { rule: '<=', value: 2 },
    },
    {
      name: 'width of the bounds, screen on - off',
      workload,
      unit: 'ms',
      samples: pairs.map(({ one, other }) => one.widthMs - other.widthMs),
      target: { rule: '<=', value: intervalMs },
    },
  ];
}

async function once(screen: 'on' | 'off'): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  try {
    const out = join(folder, 'run');
    const cli = join(import.meta.dirname, '..', 'cli.js');
    const args = [
      ...['run', 'aurora-postgres-zdp', '--timing', 'engine', '--interval', `${intervalMs}ms`],
      ...['--steady', '10s', '--settle', '1s', '--edge-interval', 'off', '--seed', '42'],
      ...['--fault', `refuse@${outage.beginMs}ms:${outage.lengthMs}ms`, '--out', out],
      ...(screen === 'on' ? [] : ['--no-tui']),
    ];
    const wasDrawn = await onTerminal([cli, ...args]);
    if (wasDrawn !== (screen === 'on')) throw new Error(`the screen was not ${screen}`);
    const { entries } = await readHistory(join(out, 'history.ndjson'));
    const { lanes, observer } = measure(entries);
    const lane = lanes.find(({ spec }) => spec.kind === 'new-connection');
    const first = lane?.outages[0];
    if (observer === null || first === undefined) throw new Error('the outage was not seen');
    const ms = (ns: number | null): number => (ns ?? Number.NaN) / 1e6;
    return {
      medianMs: ms(observer.medianNs),
      p99Ms: ms(observer.p99Ns),
      worstMs: ms(observer.worstNs),
      widthMs: Math.round(ms((first.upperNs ?? Number.NaN) - first.lowerNs) * 100) / 100,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On a terminal of 120 by 40, which shows the most; tells whether a screen was there. */
function onTerminal(args: readonly string[]): Promise<boolean> {
  const command = [process.execPath, ...args].map((one) => `'${one}'`).join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', `stty rows 40 cols 120; exec ${command}`, '/dev/null'], {
      // A pipe that stays open: at its end the terminal would close.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TERM: 'xterm-256color', CI: '' },
    });
    let text = '';
    let wasDrawn = false;
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text = (text + more).slice(-4_000);
      wasDrawn ||= more.includes('\u001b[?1049h');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      // 1 and 2 are verdicts: an outage of ours is none that the objectives expect.
      if (code !== null && code <= 2) resolve(wasDrawn);
      else reject(new Error(`the rehearsal ended with ${code}: ${text}`));
    });
  });
}
