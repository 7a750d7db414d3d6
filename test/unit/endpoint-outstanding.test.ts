import { describe, expect, it } from 'vitest';
import { Outstanding } from '../../sim/endpoint/postgres/outstanding.js';

/** c.. are the client's messages, s.. the server's. */
type Step = 'cQ' | 'cP' | 'cS' | 'cc' | 'sZ' | 'sG' | 'sE';

function having(...steps: Step[]): Outstanding {
  const outstanding = new Outstanding();
  const take = {
    cQ: () => outstanding.query(),
    cP: () => outstanding.extended(),
    cS: () => outstanding.sync(),
    cc: () => outstanding.copyEnd(),
    sZ: () => outstanding.ready(),
    sG: () => outstanding.copy(),
    sE: () => outstanding.error(),
  };
  for (const step of steps) take[step]();
  return outstanding;
}

describe('Outstanding', () => {
  it.each<[string, Step[]]>([
    ['a query', ['cQ', 'sZ']],
    ['a query that fails', ['cQ', 'sE', 'sZ']],
    ['a batch', ['cP', 'cP', 'cS', 'sZ']],
    ['a batch that fails', ['cP', 'cS', 'sE', 'sZ']],
    ['a pipeline', ['cP', 'cS', 'cP', 'cS', 'sZ', 'sE', 'sZ']],
    ['a simple COPY', ['cQ', 'sG', 'cc', 'sZ']],
    ['a simple COPY sent ahead', ['cQ', 'cc', 'sG', 'sZ']],
    ['an extended COPY', ['cP', 'cS', 'sG', 'cc', 'cS', 'sZ']],
    ['an extended COPY with one Sync behind the data, sent ahead', ['cP', 'cc', 'cS', 'sG', 'sZ']],
    ['an extended COPY with two Syncs, sent ahead', ['cP', 'cS', 'cc', 'cS', 'sG', 'sZ']],
    ['a COPY that fails before its data are read', ['cQ', 'sG', 'sE', 'sZ', 'cc']],
    ['a query behind a batch without Sync', ['cP', 'cQ', 'sZ']],
    ['a failed batch that swallows the query behind it', ['cP', 'cQ', 'sE', 'cS', 'sZ']],
    ['the same, all sent ahead', ['cP', 'cQ', 'cS', 'sE', 'sZ']],
    ['the query itself fails behind a batch without Sync', ['cP', 'cQ', 'sE', 'sZ']],
  ])('is at rest after %s, and not before', (_what, steps) => {
    expect(having(...steps).none).toBe(true);
    const last = steps.lastIndexOf('sZ');
    expect(having(...steps.slice(0, last)).none).toBe(false);
  });

  it('awaits only what was said whole', () => {
    expect(having('cP').awaited).toBe(false);
    expect(having('cP', 'cS').awaited).toBe(true);
    expect(having('cQ', 'sG').awaited).toBe(false);
    expect(having('cQ', 'cQ', 'sZ').awaited).toBe(true);
  });
});
