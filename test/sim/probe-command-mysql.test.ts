import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { output } from '../../cli/output.js';
import { runProbe } from '../../cli/probe.js';
import type { ProbeOptions } from '../../cli/probe-plan.js';
import { systemClock } from '../../sim/clock.js';
import { makeAuthority } from '../support/authority.js';
import { mysqlFlavours, type ProbedServer, probedServer, until } from '../support/probed-server.js';

const workerScript = new URL('../../dist/harness/probe/worker.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'rehearse-probe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let runs = 0;

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`rehearse probe of ${engine}`, () => {
    let probed: ProbedServer;
    let authority: Awaited<ReturnType<typeof makeAuthority>>;
    beforeAll(async () => {
      authority = await makeAuthority(['localhost']);
      const { certificate: ssl_cert, key: ssl_key, ca: ssl_ca } = authority.files;
      probed = await probedServer(engine, { ssl_cert, ssl_key, ssl_ca });
    });
    afterAll(async () => {
      await probed?.remove();
      authority?.remove();
    });

    function command(options: Omit<ProbeOptions, 'target' | 'out'>, query = '', password?: string) {
      const { port, user, database } = probed.instrument;
      const stdout = new PassThrough();
      const stderr = new PassThrough();
      let text = '';
      stdout.on('data', (chunk) => {
        text += String(chunk);
      });
      stderr.resume();
      const stop = new AbortController();
      const out = join(folder, String(++runs));
      const env = {
        MYSQL_PWD: password ?? probed.instrument.password,
        PGPASSWORD: 'another',
        LANG: 'C.UTF-8',
      };
      const scheme = engine === 'mariadb' ? 'mariadb' : 'mysql';
      const target = [`db=${scheme}://${user}@localhost:${port}/${database}${query}`];
      const ended = runProbe(
        { target, out, ...options },
        {
          output: output({ stdout, stderr, env }),
          clock: systemClock(),
          env,
          cwd: folder,
          stop: stop.signal,
          threadHangs: () => undefined,
          beforeLeaving: () => () => undefined,
        },
        { workerScript },
      );
      const history = () => {
        try {
          return readFileSync(join(out, 'history.ndjson'), 'utf8');
        } catch {
          return '';
        }
      };
      return { ended, stop, printed: () => text, history };
    }

    it('sees a restart, ends when all is stable, and writes down no password', async () => {
      const probe = command({
        interval: '50ms',
        untilStable: '2s',
        writeTable: 'rehearse.probe_write',
        json: true,
      });
      await until(probed.clock, () => probe.history().includes('"outcome":"ok"'), 'a poll');
      await probed.server.stop('fast');
      await until(probed.clock, () => probe.history().includes('refused'), 'a refusal');
      await probed.server.start();
      expect(await probe.ended).toBe(0);
      const report = JSON.parse(probe.printed());
      expect(report).toMatchObject({ command: 'probe', completed: true });
      const title = engine === 'mysql' ? 'MySQL' : 'MariaDB';
      expect(report.servers.before).toMatchObject({
        version: probed.version,
        versionText: `${title} ${probed.version}`,
      });
      expect(report.lanes['new-connection'].outages.length).toBeGreaterThanOrEqual(1);
      expect(report.lanes.writer.failed + report.lanes.writer.unknown).toBeGreaterThan(0);
      expect(probe.history()).not.toContain(probed.instrument.password);
    });

    it('prints the published format over TLS, checked with an authority', async () => {
      const query = `?ssl-mode=VERIFY_IDENTITY&ssl-ca=${authority.files.ca}`;
      const options = { lanes: 'new-connection', interval: '50ms', format: 'published' } as const;
      const probe = command(options, query);
      await until(probed.clock, () => probe.printed().split('\n').length > 3, 'three lines');
      probe.stop.abort(new Error('stopped by the test'));
      expect(await probe.ended).toBe(0);
      const version = probed.version.replaceAll('.', '\\.');
      for (const line of probe.printed().trimEnd().split('\n'))
        expect(line).toMatch(
          new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${version}$`),
        );
    });

    it('reports a database that lets nobody in', async () => {
      const probe = command({ duration: '1s', interval: '100ms', json: true }, '', 'wrong-one');
      expect(await probe.ended).toBe(2);
      const [outage] = JSON.parse(probe.printed()).lanes['new-connection'].outages;
      expect(outage.errorKinds[0].kind).toBe('auth');
      expect(probe.history()).not.toContain('wrong-one');
    });

    it('writes nothing unless told to, and makes the table when asked', async () => {
      await probed.sql('DROP TABLE IF EXISTS rehearse.made', 'TRUNCATE rehearse.probe_write');
      const reading = command({ duration: '400ms', interval: '50ms', json: true });
      expect(await reading.ended).toBe(0);
      const rows = await probed.rows('SELECT COUNT(*) FROM rehearse.probe_write');
      expect(rows).toEqual([['0']]);
      const lanes = { lanes: 'writer', interval: '50ms', duration: '500ms', json: true } as const;
      const made = command({ ...lanes, writeTable: 'rehearse.made', createTable: true });
      expect(await made.ended).toBe(0);
      expect(JSON.parse(made.printed()).lanes.writer.ok).toBeGreaterThan(0);
      const refused = command({ ...lanes, writeTable: 'mysql.made', createTable: true });
      await expect(refused.ended).rejects.toThrow(
        expect.objectContaining({ code: 'WRITE_TABLE_UNUSABLE' }),
      );
    });
  });
