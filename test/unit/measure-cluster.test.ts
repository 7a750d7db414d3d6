import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryDraft, EntryOf, LaneSpec } from '../../harness/history/entry.js';
import { measureDns, measureRoles, nameOf } from '../../harness/measure/dns.js';
import { measure } from '../../harness/measure/measure.js';
import { measureStatuses } from '../../harness/measure/statuses.js';
import { findWindows, windowsOfLane } from '../../harness/measure/windows.js';
import { lanesOf } from '../../harness/probe/lanes-of.js';
import { judge } from '../../harness/verdict/judge.js';
import { timeline } from '../../harness/view/timeline.js';
import { clusterHistory, failover } from '../support/cluster-histories.js';
import { numbered } from '../support/histories.js';

const ms = 1e6;
const endNs = 20_000 * ms;
type Gauge = EntryOf<'gauge'>;

function gauges(
  ...told: readonly (readonly [number, string, Gauge['subject'], string | number])[]
): Gauge[] {
  const drafts = told.map(
    ([atMs, name, subject, value]): EntryDraft => ({
      atNs: atMs * ms,
      clock: 'client',
      kind: 'gauge',
      subject,
      data: { name, value, unit: null },
    }),
  );
  return numbered(drafts) as Gauge[];
}

function spec(target: string, more: Partial<LaneSpec> = {}): LaneSpec {
  const times = { intervalMs: 500, timeoutMs: 5_000, edgeIntervalMs: null };
  return { name: target, kind: 'writer', target, ...times, ...more };
}

const writer = { endpoint: 'demo.cluster-x', listener: 'writer' };
const first = { cluster: 'demo', instance: 'i1' };
const second = { cluster: 'demo', instance: 'i2' };
const failedOver = gauges(
  [0, 'instance.role', first, 'writer'],
  [0, 'instance.role', second, 'reader'],
  [0, 'dns.answer', writer, 'i1'],
  [1_000, 'server.state', first, 'stopping'],
  [1_000, 'endpoint.state', { endpoint: 'i1.x', instance: 'i1' }, 'refusing'],
  [1_000, 'endpoint.state', writer, 'refusing'],
  [2_000, 'instance.role', first, 'reader'],
  [2_000, 'instance.role', second, 'writer'],
  [3_000, 'server.state', first, 'accepting'],
  [3_000, 'endpoint.state', { endpoint: 'i1.x', instance: 'i1' }, 'open'],
  [3_000, 'endpoint.state', writer, 'open'],
  [7_000, 'dns.answer', writer, 'i2'],
  [8_000, 'server.state', first, 'stopping'],
  [9_000, 'server.state', first, 'accepting'],
  [10_000, 'endpoint.faults', { endpoint: 'i2.x', instance: 'i2' }, 1],
  [11_000, 'endpoint.faults', { endpoint: 'i2.x', instance: 'i2' }, 0],
);

describe('what a name answered', () => {
  const roles = measureRoles(failedOver);
  const names = measureDns(failedOver, roles, endNs);

  it('is stale from the change of roles to the change of its answer', () => {
    expect(names).toMatchObject([
      { listener: 'writer', stale: [{ fromNs: 2_000 * ms, toNs: 7_000 * ms }] },
    ]);
  });

  it('is never stale where the cluster has no writer, nor for the name of readers', () => {
    const secondary = gauges(
      [0, 'instance.role', first, 'reader'],
      [0, 'dns.answer', writer, 'i1'],
      [0, 'instance.role', { cluster: 'other', instance: 'o1' }, 'writer'],
    );
    expect(measureDns(secondary, measureRoles(secondary), endNs)[0]?.stale).toEqual([]);
    const readers = failedOver.map((gauge) => ({
      ...gauge,
      subject: { ...gauge.subject, ...(gauge.subject.listener ? { listener: 'reader' } : {}) },
    }));
    expect(measureDns(readers, measureRoles(readers), endNs)[0]?.stale).toEqual([]);
  });

  it('is found by label, of the cluster that is told first, or of the one that is named', () => {
    const other = { endpoint: 'far.cluster-x', listener: 'writer' };
    const both = measureDns(
      gauges([0, 'dns.answer', writer, 'i1'], [1, 'dns.answer', other, 'f1']),
      [],
      endNs,
    );
    expect(nameOf(both, spec('writer'))?.endpoint).toBe('demo.cluster-x');
    const far = spec('secondary', { cluster: 'far', listener: 'writer' });
    expect(nameOf(both, far)?.endpoint).toBe('far.cluster-x');
    expect(nameOf(both, spec('i1'))).toBeNull();
  });
});

describe('the windows of a lane', () => {
  const names = measureDns(failedOver, measureRoles(failedOver), endNs);
  const of = (target: string) => windowsOfLane(spec(target), failedOver, names, endNs);
  const stretch = (fromMs: number, toMs: number) => ({ fromNs: fromMs * ms, toNs: toMs * ms });

  it('are those of its name and of the instance that it led to, while it did', () => {
    expect(of('writer')).toMatchObject({
      endpoint: [stretch(1_000, 3_000)],
      engine: [stretch(1_000, 3_000)],
      faults: [stretch(10_000, 11_000)],
      stale: [stretch(2_000, 7_000)],
    });
  });

  it('are those of the instance alone where it dials one', () => {
    expect(of('i1')).toMatchObject({
      endpoint: [stretch(1_000, 3_000)],
      engine: [stretch(1_000, 3_000), stretch(8_000, 9_000)],
      faults: [],
      stale: [],
    });
    expect(of('i2')).toMatchObject({ endpoint: [], engine: [], faults: [stretch(10_000, 11_000)] });
  });

  it('are of everything in a history of one endpoint, as ever', () => {
    const old = failedOver.filter(
      ({ data, subject }) => data.name !== 'dns.answer' && subject.listener === undefined,
    );
    expect(windowsOfLane(spec('writer'), old, [], endNs)).toEqual(findWindows(old, endNs));
  });
});

describe('statuses', () => {
  it('last until the next one, the last one to the end', () => {
    const [cluster, instance] = measureStatuses(
      gauges(
        [1_000, 'instance.status', first, 'available'],
        [1_000, 'cluster.status', { cluster: 'demo' }, 'available'],
        [4_000, 'cluster.status', { cluster: 'demo' }, 'failing-over'],
        [4_500, 'cluster.status', { cluster: 'demo' }, 'failing-over'],
        [6_000, 'cluster.status', { cluster: 'demo' }, 'available'],
      ),
      endNs,
    );
    expect(cluster).toMatchObject({ of: 'cluster', identifier: 'demo' });
    expect(cluster?.statuses).toHaveLength(3);
    expect([...(cluster?.spentNs ?? [])]).toEqual([
      ['available', 17_000 * ms],
      ['failing-over', 2_000 * ms],
    ]);
    expect(instance).toMatchObject({ of: 'instance', identifier: 'i1', cluster: 'demo' });
  });
});

describe('a failover with stale DNS', () => {
  const report = judge(clusterHistory(failover));

  it('gives read-only polls a share of their own', () => {
    const [outage] = report.lanes.writer?.outages ?? [];
    expect(outage?.errorKinds.map(({ kind }) => kind)).toEqual(['refused', 'read-only']);
    const { modelledMs, engineMs, staleMs, clientMs, injectedMs, defectMs } = outage?.shares ?? {
      ...{ modelledMs: 0, engineMs: 0, staleMs: 0, clientMs: 0, injectedMs: 0, defectMs: 0 },
    };
    expect(staleMs).toBeGreaterThan(2_500);
    const sum = modelledMs + engineMs + staleMs + clientMs + injectedMs + defectMs;
    expect(sum).toBeCloseTo(outage?.estimateMs ?? 0, 3);
    expect(report.lanes['new-connection']?.outages[0]?.shares?.staleMs).toBe(0);
  });

  it('tells which instance answered, and whether it took writes', () => {
    expect(
      report.servedBy['new-connection']?.map(({ instance, readOnly }) => [instance, readOnly]),
    ).toEqual([
      ['demo-instance-1', false],
      ['demo-instance-1', true],
      ['demo-instance-2', false],
    ]);
  });

  it('tells names, roles and statuses', () => {
    const writers = report.dns.find(({ listener }) => listener === 'writer');
    expect(writers).toMatchObject({ staleMs: 3_500, stale: [{ startMs: 1_500, endMs: 5_000 }] });
    expect(report.roles.map(({ changes }) => changes.map(({ role }) => role))).toEqual([
      ['writer', 'reader'],
      ['reader', 'writer'],
    ]);
    expect(report.statuses[0]).toMatchObject({ identifier: 'demo', of: 'cluster' });
    expect(report.statuses[0]?.spentMs['failing-over']).toBe(6_000);
  });
});

describe('the rows of a timeline', () => {
  const measurement = measure(clusterHistory(failover));

  it('lose no failed cell, no stale answer and no status, however narrow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 120 }), (columnsMax) => {
        const { rows, cluster, columns } = timeline(measurement, columnsMax);
        for (const lane of measurement.lanes.filter(({ failed }) => failed > 0)) {
          const row = rows.find((one) => one.lane === lane.spec.name);
          expect(row?.cells.some(({ state }) => state === 'fail')).toBe(true);
        }
        const [name] = cluster.names;
        expect(name?.values).toHaveLength(columns);
        expect(name?.stale).toContain(true);
        expect(cluster.statuses.map(({ label }) => label)).toEqual([
          'status demo',
          'status instance-1',
        ]);
        expect(cluster.statuses[0]?.values).toContain('failing-over');
        expect(cluster.statuses[1]?.values).toContain('rebooting');
      }),
    );
  });
});

describe('the lanes of a cluster', () => {
  const lags = (readers: readonly string[]) =>
    lanesOf({ readers }).filter(({ kind }) => kind === 'replica-lag');

  it('measure lag where there are readers: at their name, and at each of several', () => {
    expect(lags([])).toEqual([]);
    expect(lags(['i2'])).toEqual([{ name: 'replica-lag', kind: 'replica-lag', target: 'reader' }]);
    expect(lags(['i2', 'i3']).map(({ name, target }) => [name, target])).toEqual([
      ['replica-lag', 'reader'],
      ['i2/replica-lag', 'i2'],
      ['i3/replica-lag', 'i3'],
    ]);
  });
});
