import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import type { EngineName } from '../../sim/server/server.js';
import { localVersions } from '../support/docker.js';
import { program } from '../support/programs.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** As fast as the local engine goes: nothing here is about lengths. */
const quick = ['--timing', 'engine', '--steady', '2s', '--settle', '1s', '--seed', '3'];
const waitMs = 180_000;

async function run(
  scenario: string,
  ...args: string[]
): Promise<{ code: number | null; report: RunReport; stderr: string }> {
  const all = ['run', scenario, '--json', '--offline', ...quick, ...args];
  const { code, stdout, stderr } = await rehearse(all, place.folder);
  return { code, stderr, report: JSON.parse(stdout) as RunReport };
}

/** What every stand-in for an Aurora MySQL cluster shows, whatever runs it. */
function expectStandIn(report: RunReport, engine: EngineName, provider: string): void {
  expect(report.completed).toBe(true);
  expect(report.servers.served).toMatchObject({ engine, provider, match: 'stand-in' });
  expect(report.servers.before?.provider).toBe(provider);
  expect(report.engine).toMatchObject({ from: '8.0.32', to: '8.0.36' });
  expect(report.objectives.map(({ text, verdict }) => `${text}: ${verdict}`).sort()).toEqual([
    'held-session.failed == 0: pass',
    'new-connection.downtime <= 60s: pass',
    'sessions.broken == 0: pass',
    'sessions.dropped == 0: pass',
    'writes.duplicated == 0: pass',
    'writes.lost == 0: pass',
  ]);
  expect(report.sessions).toMatchObject({ preserved: 6, dropped: 0 });
  expect(report.defects.length).toBeGreaterThan(5);
  expect(report.checks.map(({ when, name }) => `${when} ${name}`)).toEqual(
    expect.arrayContaining([
      'before low traffic',
      'before no long transactions',
      'before no temporary tables',
      'before no user locks',
      'before no table locks',
      'before no pending parameters',
      'before snapshot before',
      'after version after',
      'after globals re-initialised after',
    ]),
  );
}

const here: Readonly<Record<'mysql' | 'mariadb', boolean>> = {
  mysql: program('mysql') !== undefined,
  mariadb: program('mariadb') !== undefined,
};

describe.each(['mysql', 'mariadb'] as const)('%s as a child process', (engine) => {
  it.runIf(here[engine])(
    'stands in when it is asked for; unknown, until it is accepted',
    async () => {
      const asked = ['--provider', 'embedded', '--engine', engine];
      const { code, report } = await run('aurora-mysql-zdp', ...asked);
      expectStandIn(report, engine, 'embedded');
      expect(report).toMatchObject({ verdict: 'unknown', substitute: { accepted: false } });
      expect(code).toBe(2);
      const accepted = await run('aurora-mysql-zdp', ...asked, '--accept-substitute');
      expect(accepted.report).toMatchObject({ verdict: 'pass', substitute: { accepted: true } });
      expect(accepted.code).toBe(0);
    },
    waitMs,
  );
});

const images = await localVersions();

describe.each(['mysql', 'mariadb'] as const)('%s in containers', (engine) => {
  it.runIf(images[engine].length > 0 && !images[engine].includes('8.0.32'))(
    'stands in from the lowest to the highest version that is here',
    async () => {
      const asked = ['--provider', 'docker', '--engine', engine];
      const { code, report } = await run('aurora-mysql-zdp', ...asked, '--accept-substitute');
      expectStandIn(report, engine, 'docker');
      const { before, after } = report.servers;
      expect(before?.version).toContain(images[engine][0]);
      expect(after?.version).toContain(images[engine].at(-1));
      expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'pass' });
    },
    waitMs,
  );
});

describe('postgres in containers', () => {
  const newest = images.postgres.at(-1);
  it.runIf(newest !== undefined && !images.postgres.includes('17.4'))(
    'of one version is restarted without a change of version, and that is said',
    async () => {
      const asked = ['--provider', 'docker', '--engine', 'postgres'];
      const { code, report } = await run('aurora-postgres-zdp', ...asked);
      expect(report.completed).toBe(true);
      expect(report.servers.served?.why).toContain('the restart changes no version');
      expect(report.servers.before?.version).toBe(report.servers.after?.version);
      expect(report.sessions).toMatchObject({ preserved: 6, dropped: 0 });
      expect({ code, verdict: report.verdict }).toEqual({ code: 2, verdict: 'unknown' });
    },
    waitMs,
  );
});
