/** A Postgres server as one side of a comparison: all of its databases. */
import type { Counter, Item, TableShape } from '../../engine/comparable.js';
import { Admin } from '../../engine/postgres/admin.js';
import { openDatabases } from '../../engine/postgres/blue-green.js';
import { databaseItems, serverItems } from '../../engine/postgres/comparable/items.js';
import { readTable, sequenceCounters, tableShapes } from '../../engine/postgres/comparable/rows.js';
import type { AdminLogin, ServerAddress } from '../../server/server.js';
import type { Side } from './side.js';

export interface PostgresSideParts {
  readonly name: string;
  readonly version: string;
  readonly address: ServerAddress;
  readonly admin: AdminLogin;
  /** Names in this database are told without it. */
  readonly database: string;
  /** Roles that are left out. */
  readonly ours: readonly string[];
}

export function postgresSide(parts: PostgresSideParts): Side {
  const { name, address, admin, ours } = parts;
  const open = new Map<string, Admin>();
  const within = (database: string): Admin => {
    const known = open.get(database) ?? new Admin(address, { ...admin, database });
    open.set(database, known);
    return known;
  };
  /** Where the tables are that were listed. */
  const places = new Map<string, { readonly inside: Admin; readonly shape: TableShape }>();
  const main = within(admin.database);

  /** Of every database, told with its name where it is another one than the application's. */
  const ofAll = async <T extends { readonly name: string }>(
    list: (inside: Admin) => Promise<readonly T[]>,
    rename: (one: T, name: string, inside: Admin) => T,
  ): Promise<T[]> => {
    const found: T[] = [];
    for (const database of await openDatabases(main)) {
      const inside = within(database);
      const prefix = database === parts.database ? '' : `database ${database}: `;
      for (const one of await list(inside)) found.push(rename(one, prefix + one.name, inside));
    }
    return found;
  };

  return {
    ...{ name, series: parts.version.split('.')[0] ?? '', protocolName: 'postgres', isLive: true },
    items: async (aspect) => {
      const ofDatabases = await ofAll<Item>(
        async (inside) =>
          (await databaseItems(inside, ours)).filter((item) => item.aspect === aspect),
        (item, itsName) => ({ ...item, name: itsName }),
      );
      return aspect === 'users'
        ? [...(await serverItems(main, ours)), ...ofDatabases]
        : ofDatabases;
    },
    tables: () =>
      ofAll<TableShape>(tableShapes, (shape, itsName, inside) => {
        places.set(itsName, { inside, shape });
        return { ...shape, name: itsName };
      }),
    counters: () =>
      ofAll<Counter>(sequenceCounters, (counter, itsName) => ({ ...counter, name: itsName })),
    read: async (table, columns, way, timeoutMs) => {
      const place = places.get(table.name);
      if (place === undefined) throw new Error(`${name} has no table ${table.name}`);
      return await readTable(place.inside, place.shape, columns, way, timeoutMs);
    },
    end: async () => {
      await Promise.all([...open.values()].map((one) => one.disconnect()));
    },
  };
}
