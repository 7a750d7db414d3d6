/** What a cluster's members, names and statuses did, as fields of the report. Pure. */
import { nameOf } from '../measure/dns.js';
import type { Held } from '../measure/gauge-values.js';
import type { LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { servedChanges } from '../measure/served-by.js';
import { length } from '../measure/stretches.js';
import { boundsMs, ms, offsetMs, spanMs } from './milliseconds.js';
import type { RunReport, ServedReport } from './run-report.js';

type ClusterReport = Pick<RunReport, 'servedBy' | 'lag' | 'dns' | 'statuses' | 'roles'>;

export function describeCluster(measurement: Measurement): ClusterReport {
  const { lanes, lags, names, roles, statuses } = measurement;
  const changes = <K extends string>(held: readonly Held[], key: K) =>
    held.map(({ atNs, value }) => ({ atMs: offsetMs(measurement, atNs), [key]: value })) as ({
      atMs: number;
    } & Record<K, string>)[];
  return {
    servedBy: describeServed(measurement),
    lag: Object.fromEntries(
      [...lags].map(([name, { told, untold, max, p95 }]) => [
        name,
        {
          target: lanes.find(({ spec }) => spec.name === name)?.spec.target ?? '',
          told,
          untold,
          max: max === null ? null : boundsMs(max),
          p95: p95 === null ? null : boundsMs(p95),
        },
      ]),
    ),
    dns: names.map(({ endpoint, listener, answers, stale }) => ({
      endpoint,
      listener,
      changes: changes(answers, 'instance'),
      stale: stale.map((one) => spanMs(measurement, one)),
      staleMs: ms(length(stale)),
    })),
    statuses: statuses.map(({ of, identifier, statuses: held, spentNs }) => ({
      of,
      identifier,
      changes: changes(held, 'status'),
      spentMs: Object.fromEntries([...spentNs].map(([status, ns]) => [status, ms(ns)])),
    })),
    roles: roles.map(({ instance, roles: held }) => ({ instance, changes: changes(held, 'role') })),
  };
}

/** By the lanes that dial anew at every tick: where their name leads to is where they are. */
function describeServed(measurement: Measurement): RunReport['servedBy'] {
  const isAsked = ({ spec }: LaneMeasure): boolean =>
    spec.kind === 'new-connection' || spec.kind === 'served-by';
  return Object.fromEntries(
    measurement.lanes.filter(isAsked).flatMap((lane) => {
      const answers = nameOf(measurement.names, lane.spec)?.answers ?? [];
      const served = servedChanges(lane, answers).map(
        ({ atNs, tick, version, instance, readOnly }): ServedReport => ({
          atMs: offsetMs(measurement, atNs),
          tick,
          version,
          ...(instance === null ? {} : { instance }),
          ...(readOnly === null ? {} : { readOnly }),
        }),
      );
      return served.length === 0 ? [] : [[lane.spec.name, served] as const];
    }),
  );
}
