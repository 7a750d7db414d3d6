import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { type Ended, rehearse, temporaryFolder } from '../support/rehearse.js';

/** One run with nothing but the defaults; everything here looks at it. */
describe('a rehearsal with its defaults', () => {
  const place = temporaryFolder();
  let ended: Ended;
  let report: RunReport;

  beforeAll(async () => {
    ended = await rehearse(['run', 'aurora-postgres-zdp', '--json', '--seed', '42'], place.folder);
    report = JSON.parse(ended.stdout) as RunReport;
  });
  afterAll(() => place.remove());

  it('passes', () => {
    expect(report).toMatchObject({ verdict: 'pass', completed: true, seed: '42' });
    const { objectives } = auroraPostgresZdp;
    expect(report.objectives.map(({ text, verdict }) => `${text} ${verdict}`).sort()).toEqual(
      objectives.map((text) => `${text} pass`).sort(),
    );
    expect(ended.code).toBe(0);
  });

  it('keeps stdout to one document and tells the rest on stderr', () => {
    expect(ended.stdout.startsWith('{')).toBe(true);
    expect(ended.stderr).toContain('<-- T0');
  });

  it('reads the versions from the server itself, before and after', () => {
    expect(report.servers.before).toMatchObject({ version: '17.4' });
    expect(report.servers.after).toMatchObject({ version: '17.5' });
    expect(report.servers.after?.versionText).toContain('PostgreSQL 17.5');
  });

  it('keeps all 6 sessions of the endpoint, the instruments included, each with its kind', () => {
    expect(report.sessions).toMatchObject({ present: 6, preserved: 6, dropped: 0, drops: [] });
    expect(report.sessions?.list.map(({ kind }) => kind).sort()).toEqual([
      'ledger writer',
      'load idle',
      'probe held-session',
      'probe idle-session',
      'probe reader',
      'probe writer',
    ]);
  });

  it('fails no poll of a session that is held', () => {
    for (const lane of ['held-session', 'idle-session', 'writer', 'reader']) {
      expect(report.lanes[lane]).toMatchObject({ failed: 0, unknown: 0, outages: [] });
      expect(report.lanes[lane]?.polls).toBeGreaterThan(10);
    }
  });

  it('refuses new connections once: refused first, then 57P03, with bounds', () => {
    const outages = report.lanes['new-connection']?.outages ?? [];
    expect(outages).toHaveLength(1);
    const [outage] = outages;
    expect(outage?.errorKinds.map(({ kind }) => kind)).toEqual(['refused', 'starting-up']);
    expect(outage?.sqlstates).toEqual(['57P03']);
    expect(outage?.lastError).toContain('starting up');
    expect(outage?.lowerMs).toBeGreaterThan(0);
    expect(outage?.estimateMs).toBeGreaterThanOrEqual(outage?.lowerMs ?? Number.NaN);
    expect(outage?.upperMs).toBeGreaterThanOrEqual(outage?.estimateMs ?? Number.NaN);
  });

  it('loses and doubles no write', () => {
    expect(report.writes).toMatchObject({ readBack: true, lost: 0, duplicated: 0, inDoubt: 0 });
    expect(report.writes?.acknowledged).toBeGreaterThan(50);
  });

  it('tells the events of a zero-downtime patch in their order', () => {
    const ofAws = report.events.filter(({ source }) => /^(cluster|instance)$/.test(source));
    const messages = ofAws.map(({ message }) => message);
    const order = [
      /^Database cluster engine minor version upgrade started\. Cluster remains online\.$/,
      /^Attempting to upgrade the database with zero downtime\.$/,
      /max_wal_senders .* adjusted from 10 to 20\.$/,
      /^Attempting to upgrade the database with zero downtime\.$/,
      /^Aurora fast startup completed in \[\d+\] microseconds\.$/,
      /The process took \d+ ms, 6 connections preserved, 0 connections dropped\./,
      /The process took \d+ ms, 6 connections preserved, 0 connections dropped\./,
      /^Database cluster is online\. The primary instance is ready for connections\.$/,
      /^Database cluster engine version upgrade finished on all instances\.$/,
      /Previous version: 17\.4\.5\. New version: 17\.5\.4\.$/,
      /^Database cluster engine version has been upgraded\.$/,
    ];
    expect(messages).toHaveLength(order.length);
    order.forEach((pattern, index) => {
      expect(messages[index]).toMatch(pattern);
    });
  });

  it('leaves a run folder with its reports, and latest leads there', () => {
    const runs = join(place.folder, '.rehearse', 'runs');
    const run = join(runs, readlinkSync(join(runs, 'latest')));
    for (const file of ['history.ndjson', 'verdict.json', 'summary.md'])
      expect(existsSync(join(run, file))).toBe(true);
    expect(JSON.parse(readFileSync(join(run, 'verdict.json'), 'utf8'))).toEqual(report);
  });

  it('has no password in its history', () => {
    const latest = join(place.folder, '.rehearse', 'runs', 'latest');
    expect(readFileSync(join(latest, 'history.ndjson'), 'utf8')).not.toMatch(/password["=:]/i);
  });

  it('reports the same again from its history', async () => {
    const again = await rehearse(['report', 'latest', '--json'], place.folder);
    expect(JSON.parse(again.stdout)).toEqual(report);
    expect(again.code).toBe(0);
  });

  it('draws what the dry run with the same seed showed', async () => {
    const dry = await rehearse(
      ['run', 'aurora-postgres-zdp', '--dry-run', '--json', '--seed', '42'],
      place.folder,
    );
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, schedule: report.schedule });
  });
});
