/** Histories for screens: those kept as golden files, by name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../harness/history/entry.js';
import { type History, parseHistory } from '../../harness/history/read.js';

const folder = join(import.meta.dirname, '..', 'golden', 'histories');

/** Made up ones, and some of real runs. */
export const historyNames = [
  ...(['zdp-clean', 'zdp-drops', 'lost-write', 'observer-stall', 'truncated'] as const),
  ...(['failover-stale-dns', 'replica-lag', 'real-zdp', 'real-failover'] as const),
  ...(['real-in-doubt', 'real-global-upgrade', 'real-blue-green'] as const),
];

export function historyText(name: string): string {
  return readFileSync(join(folder, `${name}.ndjson`), 'utf8');
}

export function historyOf(name: string): History {
  return parseHistory(historyText(name));
}

/** The entries with every so manieth poll of a lane in doubt. */
export function withDoubt(entries: readonly Entry[], lane: string, each: number): Entry[] {
  return entries.map((entry) => {
    if (entry.kind !== 'poll' || entry.subject.lane !== lane) return entry;
    const { tick } = entry.data;
    if (tick === null || tick % each !== 0) return entry;
    const error = {
      kind: 'reset' as const,
      sqlstate: null,
      code: 'ECONNRESET',
      message: 'read ECONNRESET',
    };
    return { ...entry, data: { ...entry.data, outcome: 'unknown' as const, error } };
  });
}
