/** The pure parts of blue/green deployments: guardrails, statuses, names, stale answers. */
import { describe, expect, it } from 'vitest';
import type { EntryOf } from '../../harness/history/entry.js';
import { measureDns } from '../../harness/measure/dns.js';
import { difference } from '../../harness/measure/stretches.js';
import {
  type Examined,
  guardrails,
  refusalOf,
} from '../../sim/operations/blue-green/guardrails.js';
import {
  type DeploymentStatus,
  isDeletable,
  mayFollow,
  oldName,
  tasksOf,
} from '../../sim/operations/blue-green/statuses.js';

const ready: Examined = {
  replication: { state: 'streaming', why: null },
  lag: { caughtUpMs: 12, limitMs: 300_000 },
  greenWrites: [],
  external: [],
  longWrites: [],
  longDdl: [],
  notCarried: [],
};
const busy = { who: 'app (process 7)', forMs: 12_300, statement: 'update t set n = 1' };

describe('the guardrails', () => {
  it('let a switchover pass that nothing is in the way of', () => {
    const checks = guardrails(ready);
    expect(checks.map(({ state }) => state)).toEqual(Array(7).fill('ok'));
    expect(refusalOf(checks)).toBeNull();
  });

  it.each<[string, Partial<Examined>]>([
    ['replication-health', { replication: { state: 'broken', why: 'no such column' } }],
    ['replication-health', { replication: { state: 'connecting', why: null } }],
    ['replication-lag', { lag: { caughtUpMs: null, limitMs: 2_000 } }],
    ['green-writes', { greenWrites: [busy] }],
    ['external-replication', { external: ['slot cdc reads its log'] }],
    ['long-writes', { longWrites: [busy] }],
    ['long-ddl', { longDdl: [busy] }],
    ['replication-degraded', { notCarried: ['app: column public.t.m is new on blue'] }],
  ])('refuse by %s alone', (name, found) => {
    const checks = guardrails({ ...ready, ...found });
    expect(checks.filter(({ state }) => state !== 'ok').map((one) => one.name)).toEqual([name]);
    expect(refusalOf(checks)).toMatch(new RegExp(`^${name}: `));
  });

  it('say how far a green is behind only where it follows', () => {
    const broken = { state: 'broken', why: 'no such column' } as const;
    const lag = { caughtUpMs: null, limitMs: 2_000 };
    expect(refusalOf(guardrails({ ...ready, replication: broken, lag }))).toBe(
      'replication-health: green does not follow blue: no such column',
    );
    expect(refusalOf(guardrails({ ...ready, lag }))).toContain('green lags by more than 2 s');
  });

  it('list what they found, to a length that can be read', () => {
    const many = Array.from({ length: 8 }, (_, number) => `t${number} is new on blue`);
    const refusal = refusalOf(guardrails({ ...ready, notCarried: many, longWrites: [busy] }));
    expect(refusal).toContain('t4 is new on blue and 3 more');
    expect(refusal).not.toContain('t5');
    expect(refusal).toContain('app (process 7) for 12.3 s: update t set n = 1');
  });
});

describe('the statuses of a deployment', () => {
  const all: readonly DeploymentStatus[] = [
    'PROVISIONING',
    'AVAILABLE',
    'SWITCHOVER_IN_PROGRESS',
    'SWITCHOVER_COMPLETED',
    'SWITCHOVER_FAILED',
    'INVALID_CONFIGURATION',
    'DELETING',
  ];

  it('lead nowhere from the end, and back from a switchover that was rolled back', () => {
    expect(all.filter((to) => mayFollow('SWITCHOVER_COMPLETED', to))).toEqual(['DELETING']);
    expect(all.filter((to) => mayFollow('DELETING', to))).toEqual([]);
    expect(mayFollow('SWITCHOVER_IN_PROGRESS', 'AVAILABLE')).toBe(true);
    expect(mayFollow('AVAILABLE', 'SWITCHOVER_COMPLETED')).toBe(false);
  });

  it('allow no deletion during a switchover', () => {
    expect(all.filter((status) => !isDeletable(status))).toEqual([
      'SWITCHOVER_IN_PROGRESS',
      'DELETING',
    ]);
  });

  it('come with the tasks of the service, and with names that nobody has', () => {
    expect(tasksOf('aurora-mysql').at(-1)).toBe('CREATE_CUSTOM_ENDPOINTS');
    expect(tasksOf('mariadb').at(-1)).toBe('CREATING_TOPOLOGY_OF_SOURCE');
    expect(oldName('shop', new Set(['shop', 'shop-old1']))).toBe('shop-old2');
  });
});

describe('an answer that is late', () => {
  const at = (atNs: number, name: string, value: string): EntryOf<'gauge'> => ({
    ...{ v: 1, seq: atNs, producer: 'test', atNs, clock: 'client', kind: 'gauge' },
    subject: { endpoint: 'demo.cluster', listener: 'writer' },
    data: { name, value, unit: null },
  });

  it('is stale from the change of the record to that of the answer', () => {
    const [name] = measureDns(
      [
        at(0, 'dns.record', 'blue-1'),
        at(0, 'dns.answer', 'blue-1'),
        at(50, 'dns.record', 'green-1'),
        at(80, 'dns.answer', 'green-1'),
      ],
      [],
      100,
    );
    expect(name?.stale).toEqual([{ fromNs: 50, toNs: 80 }]);
  });

  it('is taken out of what was meant', () => {
    const meant = [
      { fromNs: 10, toNs: 60 },
      { fromNs: 90, toNs: 95 },
    ];
    expect(
      difference(meant, [
        { fromNs: 20, toNs: 30 },
        { fromNs: 50, toNs: 92 },
      ]),
    ).toEqual([
      { fromNs: 10, toNs: 20 },
      { fromNs: 30, toNs: 50 },
      { fromNs: 92, toNs: 95 },
    ]);
    expect(difference(meant, [])).toEqual(meant);
  });
});
