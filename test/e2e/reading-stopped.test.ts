import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { type Running, start, temporaryFolder } from '../support/rehearse.js';

const clock = systemClock();
const place = temporaryFolder();
const running = new Set<Running>();
beforeAll(writeLog);
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => place.remove());

/** Enough attempts to keep the event loop busy for some seconds. */
const attempts = 1_150_000;
const log = join(place.folder, 'poll.csv');

function writeLog(): void {
  const zeroMs = Date.UTC(2026, 0, 2);
  const rows = Array.from({ length: attempts }, (_, index) => {
    const outcome = index % 1_000 < 3 ? 'fail' : 'ok';
    return `${zeroMs + index * 500},host-${index % 2},${outcome}\n`;
  });
  writeFileSync(log, `timestamp,host,outcome\n${rows.join('')}`);
}

/** What it has computed so far, in whole seconds of processor time; null once it has ended. */
function busySeconds({ child }: Running): number | null {
  try {
    const text = execFileSync('ps', ['-o', 'time=', '-p', String(child.pid)]).toString();
    return text
      .trim()
      .replace('-', ':')
      .split(':')
      .reduce((sum, part) => sum * 60 + Number(part), 0);
  } catch {
    return null;
  }
}

describe('an import that computes', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at the first %s, with nothing written',
    async (signal) => {
      const out = `out-${signal}`;
      const begun = start(['import', log, '--out', out], place.folder);
      running.add(begun);
      // Well past the start of the program, in the middle of the work.
      for (;;) {
        const seconds = busySeconds(begun);
        if (seconds === null) throw new Error('it ended before it was busy');
        if (seconds >= 1) break;
        await clock.sleep(20);
      }
      begun.child.kill(signal);
      const ended = await begun.ended;
      expect(ended).toMatchObject({ code: null, signal, stdout: '' });
      expect(readdirSync(place.folder)).not.toContain(out);
    },
  );
});
