/** From nothing to the first answer of an embedded Postgres. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { systemClock } from '../sim/clock.js';
import { embeddedProvider } from '../sim/server/embedded/provider.js';
import type { Bench, Figure } from './figure.js';

export const firstQuery: Bench = {
  name: 'first-query',
  what: 'nothing to the first query on embedded Postgres 17.4',
  run: async ({ quick }) => {
    const warm: number[] = [];
    const cold: number[] = [];
    // Makes the template where this machine has none yet.
    await timeOne(undefined);
    for (let round = 0; round < (quick ? 2 : 15); round++) {
      warm.push(await timeOne(undefined));
      if (round % 2 === 0) cold.push(await timeCold());
    }
    const figure = { workload: 'create, start, connect, select 1', unit: 'ms' };
    return [
      {
        ...figure,
        name: 'first query, warm template',
        samples: warm,
        target: { rule: '<=', value: 200 },
      } satisfies Figure,
      { ...figure, name: 'first query, empty cache (initdb)', samples: cold, target: null },
    ];
  },
};

async function timeCold(): Promise<number> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  // The servers' account passes through it.
  chmodSync(cacheDir, 0o711);
  try {
    return await timeOne(cacheDir);
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** @returns milliseconds from a fresh provider to the answer */
async function timeOne(cacheDir: string | undefined): Promise<number> {
  const clock = systemClock();
  const beginNs = clock.nowNs();
  const provider = embeddedProvider({ clock, ...(cacheDir === undefined ? {} : { cacheDir }) });
  try {
    const server = await provider.create({ name: 'bench', engine: 'postgres', version: '17.4' });
    await server.start();
    const client = new Client({ ...server.address, ...server.admin });
    await client.connect();
    await client.query('select 1');
    const tookMs = (clock.nowNs() - beginNs) / 1e6;
    await client.end();
    return tookMs;
  } finally {
    await provider.close();
  }
}
