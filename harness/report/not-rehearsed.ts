/**
 * What a rehearsal on one machine says nothing about: some of it always, some of it because of how
 * this one was made. Pure.
 */
import type { RunReport } from '../verdict/run-report.js';
import { shortMs } from './text.js';

/** What, and why it may go otherwise. Never empty. */
export function notRehearsed(report: RunReport): (readonly [what: string, why: string])[] {
  return [...ofThisRun(report), ...ofAny(report)];
}

function ofAny({ notes }: RunReport): (readonly [string, string])[] {
  const own = notes.some(({ code }) => code === 'database-filled');
  const data = own
    ? 'What was loaded is not production: its amount, its bloat and its age differ'
    : 'The database was empty';
  return [
    [
      'size',
      `${data}. Recovery, prechecks, snapshots, copies and what an upgrade rewrites take longer ` +
        'with more of it.',
    ],
    [
      'instance class',
      "Processors, memory, and the storage's throughput and credits are those of this machine.",
    ],
    [
      'cold cache',
      'After a restart or a failover the first queries read from storage; with a working set ' +
        'that fills memory they are slow for minutes.',
    ],
    [
      'plan changes',
      'A new version plans otherwise, and statistics may be missing: run your queries against it.',
    ],
    [
      'network',
      'Zones and regions, resolvers and virtual machines that cache names, security groups, what ' +
        'firewalls and load balancers remember of connections.',
    ],
    [
      'IAM',
      'Whether whoever makes the change may make the calls; keys of KMS, secrets and their ' +
        'rotation, tokens of IAM authentication, quotas, service-linked roles.',
    ],
    ['the hour', "The day's load, batch jobs, backups, and other changes under way at the time."],
  ];
}

function ofThisRun(report: RunReport): (readonly [string, string])[] {
  const { command, sessions, substitute, writes, rollback, defects, settings, schedule } = report;
  if (command !== 'run')
    return [['the change itself', 'This history is of a probe or a log: nothing was rehearsed.']];
  const found: (readonly [string, string])[] = [];
  if (!report.completed)
    found.push(['the rest of the run', `It did not come to its end: ${report.reason}.`]);
  if (sessions === null || sessions.source !== 'given')
    found.push([
      'your sessions',
      'What your application holds open decides what is kept: --sessions, or your application ' +
        'with --access.',
    ]);
  found.push([
    'your application',
    'The probes speak the protocol themselves; a driver, a pool and retries add to every outage.',
  ]);
  if (substitute !== null)
    found.push(['the engine that was asked for', `A stand-in served: ${substitute.why}.`]);
  if (writes === null || !writes.readBack)
    found.push(['writes', 'None were followed to the end: nothing is known of losses.']);
  if (rollback === null || rollback.cluster === null)
    found.push(['the restore of a snapshot', 'Going back to one was not rehearsed (--rollback).']);
  const open = defects.filter(({ exercised }) => !exercised).map(({ name }) => name);
  if (open.length > 0)
    found.push(['published defects', `Not exercised: ${open.join(', ')} (--fault NAME).`]);
  const { pace } = settings;
  if (typeof pace === 'number' && pace > 1 && schedule.some(({ kind }) => kind === 'control'))
    found.push([
      'the length of control-plane waits',
      `They were divided by ${pace}; the table of durations has them whole.`,
    ]);
  const { timing } = settings;
  if (timing === 'engine')
    found.push([
      "AWS's durations",
      'The engine alone set the pace (--timing engine): what clients feel is longer there.',
    ]);
  const floors = Object.entries(report.lanes).flatMap(([name, { detectionFloorMs: floor }]) =>
    floor === null ? [] : [{ name, floor }],
  );
  const [widest] = floors.sort((a, b) => b.floor - a.floor);
  if (widest !== undefined)
    found.push([
      'short outages',
      `Ones shorter than ${shortMs(widest.floor)} can have gone unseen (${widest.name}).`,
    ]);
  return found;
}
