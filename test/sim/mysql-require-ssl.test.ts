/** Accounts that the server takes over TLS only, through the endpoint. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority } from '../support/authority.js';
import { type MysqlWorld, openOfferedWorld, refusal, row } from '../support/mysql-world.js';
import { program } from '../support/programs.js';

for (const flavour of ['mysql', 'mariadb'] as const)
  describe.skipIf(program(flavour) === undefined)(
    `an account with REQUIRE SSL on ${flavour}`,
    () => {
      let world: MysqlWorld;
      let authority: Authority;
      const login = { user: 'careful', password: 'its password', database: 'app' };
      beforeAll(async () => {
        // MariaDB has no certificate of its own making before 11.4.
        authority = await makeAuthority(['localhost']);
        const { ca, certificate, key } = authority.files;
        world = await openOfferedWorld(flavour, {
          parameters: { ssl_ca: ca, ssl_cert: certificate, ssl_key: key },
        });
        const admin = await world.superuser();
        await admin.query(`create user careful@'%' identified by 'its password' require ssl`);
        await admin.query(`grant all on app.* to careful@'%'`);
      });
      afterAll(async () => {
        await world?.close();
        authority?.remove();
      });

      it('logs in over TLS, keeps its session over a patch, and is refused in clear', async () => {
        const ssl = { rejectUnauthorized: false };
        expect((await refusal(world.client({}, login))).errno).toBe(1045);
        const client = await world.client({ ssl }, login);
        await client.query('set @kept = 7');
        expect((await row(client, `show status like 'Ssl_cipher'`))[1]).not.toBe('');
        expect(await world.patch().finished).toEqual({ status: 'succeeded', reason: null });
        expect(await row(client, 'select @kept')).toEqual([7]);
        await client.changeUser({ ...login });
        expect(await row(await world.client({ ssl }, login), 'select 2')).toEqual([2]);
      });
    },
  );
