/** Sentences on a cluster: how far readers were behind, where names led, statuses, roles. Pure. */
import type { LagReport, RunReport } from '../verdict/run-report.js';
import { boundsText, offsetText, plural, shortMs, type TextOptions } from './text.js';

/** A line for each lane that measures it. */
export function lagTexts({ lag }: RunReport, options: TextOptions): string[] {
  return Object.entries(lag).map(([name, one]) => `${name}: ${lagText(one, options)}`);
}

function lagText({ told, untold, max, p95 }: LagReport, options: TextOptions): string {
  const away = untold === 0 ? '' : `, ${untold} could not: the writer took no heartbeats then`;
  if (max === null) return `no poll told how far the reader was behind${away}`;
  const most = `at most ${boundsText(max, options)}`;
  const usually = p95 === null ? '' : `, p95 ${boundsText(p95, options)}`;
  return `${most}${usually}; ${plural(told, 'poll')} told${away}`;
}

/** Names that changed their answer; containers' way in follows the writer's. */
export function dnsTexts(report: RunReport): string[] {
  const { dns } = report;
  return dns.flatMap(({ endpoint, listener, changes, staleMs }) => {
    if (listener === 'doorway' || changes.length < 2) return [];
    const isAlone = dns.filter((one) => one.listener === listener).length === 1;
    const name = isAlone ? listener : `${clusterOf(endpoint)} ${listener}`;
    const [first, ...later] = changes;
    const steps = later.map(({ atMs, instance }) => `${at(report, atMs)} ${instance}`);
    const stale = staleMs === 0 ? '' : `; stale for ${shortMs(staleMs)} after the role change`;
    return [`${name}: ${[first?.instance, ...steps].join(', ')}${stale}`];
  });
}

/** Time spent in each status that is not the usual one. */
export function statusTexts({ statuses }: RunReport): string[] {
  return statuses.flatMap(({ of, identifier, spentMs }) => {
    const unusual = Object.entries(spentMs).filter(([status]) => !usual.has(status));
    const spent = unusual.map(([status, spentIn]) => `${status} ${shortMs(spentIn)}`);
    return spent.length === 0 ? [] : [`${of} ${identifier}: ${spent.join(', ')}`];
  });
}

const usual: ReadonlySet<string> = new Set(['available', 'creating']);

/** Instances whose role changed. */
export function roleTexts(report: RunReport): string[] {
  return report.roles.flatMap(({ instance, changes }) => {
    if (changes.length < 2) return [];
    const [first, ...later] = changes;
    const steps = later.map(({ atMs, role }) => `${role} ${at(report, atMs)}`);
    return [`${instance}: ${[first?.role, ...steps].join(', ')}`];
  });
}

function at({ t0Ms }: RunReport, atMs: number): string {
  return `at ${t0Ms === null ? '' : 'T0'}${offsetText(atMs)}`;
}

/** The first part of a name of AWS's is the cluster's identifier. */
export function clusterOf(endpoint: string): string {
  return endpoint.split('.')[0] ?? endpoint;
}
