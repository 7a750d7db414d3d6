/** A MySQL or MariaDB server as one side of a comparison. */
import type { Flavour } from '../../engine/flavours.js';
import { MysqlAdmin } from '../../engine/mysql/admin.js';
import { schemaItems, userItems } from '../../engine/mysql/comparable/items.js';
import {
  autoIncrements,
  type MysqlTable,
  readTable,
  tableShapes,
} from '../../engine/mysql/comparable/rows.js';
import type { AdminLogin, ServerAddress } from '../../server/server.js';
import type { Side } from './side.js';

export interface MysqlSideParts {
  readonly name: string;
  readonly version: string;
  readonly flavour: Flavour;
  readonly address: ServerAddress;
  readonly admin: AdminLogin;
  /** Databases and users that are left out. */
  readonly databases: readonly string[];
  readonly users: readonly string[];
}

export function mysqlSide(parts: MysqlSideParts): Side {
  const { name, version, flavour, databases, users } = parts;
  const admin = new MysqlAdmin(parts.address, parts.admin);
  const asked = { flavour, databases, users };
  const tables = new Map<string, MysqlTable>();
  return {
    ...{ name, protocolName: 'mysql', isLive: true },
    series: version.split('.').slice(0, 2).join('.'),
    items: (aspect) => (aspect === 'users' ? userItems(admin, asked) : schemaItems(admin, asked)),
    tables: async () => {
      const shapes = await tableShapes(admin, asked);
      for (const shape of shapes) tables.set(shape.name, shape);
      return shapes;
    },
    counters: () => autoIncrements(admin, asked),
    read: async ({ name: table }, columns, way, timeoutMs) => {
      const found = tables.get(table);
      if (found === undefined) throw new Error(`${name} has no table ${table}`);
      return await readTable(admin, asked, found, columns, way, timeoutMs);
    },
    end: () => admin.disconnect(),
  };
}
