import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConnection } from '../../harness/probe/open-connection.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import { makeAuthority } from '../support/authority.js';
import { mysqlFlavours, type ProbedServer, probedServer } from '../support/probed-server.js';

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`TLS to ${engine}`, () => {
    let probed: ProbedServer;
    let authority: Awaited<ReturnType<typeof makeAuthority>>;
    beforeAll(async () => {
      authority = await makeAuthority(['localhost']);
      const { certificate: ssl_cert, key: ssl_key } = authority.files;
      probed = await probedServer(engine, { ssl_cert, ssl_key, ssl_ca: authority.files.ca });
    });
    afterAll(async () => {
      await probed?.remove();
      authority?.remove();
    });

    async function opens(changes: Partial<ConnectionTarget>) {
      const { clock } = probed;
      const target = { ...probed.instrument, ...changes };
      const applicationName = 'rehearse/test';
      const opened = await openConnection({ target, clock, applicationName, timeoutMs: 10_000 });
      if (opened.connection === undefined) return opened.failure.kind;
      const answer = await opened.connection.query(
        { text: "SHOW SESSION STATUS LIKE 'Ssl_cipher'" },
        10_000,
      );
      await opened.connection.close();
      return answer.ok && answer.rows[0]?.[1] !== '' ? 'encrypted' : 'plain';
    }

    it.runIf(engine === 'mysql')('is not needed to log in with caching_sha2_password', async () => {
      // The server has no digest of it in its cache: the whole password goes, by the public key.
      await probed.sql('FLUSH PRIVILEGES');
      const tls = { mode: 'disable', caPem: null } as const;
      expect(await opens({ tls })).toBe('plain');
      expect(await opens({ tls })).toBe('plain');
      await probed.sql('FLUSH PRIVILEGES');
      expect(await opens({ tls: { mode: 'require', caPem: null } })).toBe('encrypted');
    });

    it('is as the mode says', async () => {
      const caPem = authority.pem;
      const stranger = await makeAuthority(['localhost']);
      stranger.remove();
      const other = stranger.pem;
      const modes = async (
        mode: ConnectionTarget['tls']['mode'],
        ca: string | null,
        host: string,
      ) => opens({ host, tls: { mode, caPem: ca } });
      expect(await modes('disable', null, '127.0.0.1')).toBe('plain');
      expect(await modes('require', null, '127.0.0.1')).toBe('encrypted');
      expect(await modes('verify-ca', caPem, '127.0.0.1')).toBe('encrypted');
      expect(await modes('verify-ca', other, '127.0.0.1')).toBe('tls');
      expect(await modes('verify-ca', null, '127.0.0.1')).toBe('tls');
      expect(await modes('verify-full', caPem, 'localhost')).toBe('encrypted');
      // Its certificate does not name the address.
      expect(await modes('verify-full', caPem, '127.0.0.1')).toBe('tls');
      expect(await modes('verify-full', other, 'localhost')).toBe('tls');
    });
  });
