/** What can be told of sessions where the server runs without its performance_schema. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flavours } from '../../sim/engine/flavours.js';
import { examineSession } from '../../sim/engine/mysql/examine.js';
import { versionOf } from '../../sim/engine/mysql/roles.js';
import { surveySessions } from '../../sim/engine/mysql/survey.js';
import { noTraces } from '../../sim/engine/mysql/temporary-tables.js';
import { startMysql, type TestServer } from '../support/mysql-server.js';
import { program } from '../support/programs.js';

describe.each(flavours)('%s', (flavour) => {
  describe.skipIf(program(flavour) === undefined)('without its performance_schema', () => {
    let at: TestServer;

    beforeAll(async () => {
      at = await startMysql(flavour, { performance_schema: 'OFF' });
    });
    afterAll(() => at?.close());

    it('says what it cannot show', async () => {
      const client = await at.client(at.server.admin);
      await client.ask("select get_lock('mine', 0)");
      const ids = [client.connectionId];
      const survey = versionOf(at.admin).then((version) => surveySessions(at.admin, version, ids));
      if (flavour === 'mysql') {
        await expect(survey).rejects.toThrow('performance_schema is off');
        return;
      }
      const session = { ...client, temporaryTables: noTraces };
      const contents = await examineSession(await survey, session);
      const [plugin] = await at.admin.ask(
        "select count(*) from information_schema.plugins where plugin_name = 'METADATA_LOCK_INFO'",
      );
      expect(contents).toMatchObject(
        plugin?.[0] === '1'
          ? { userLocks: ['mine'], unseen: ['prepared statements'] }
          : { userLocks: [], unseen: ['locks', 'prepared statements'] },
      );
    });
  });
});
