/**
 * What drivers that know blue/green deployments ask the database itself: who is on which side, and
 * how far the switchover is. Every server of both sides that takes part answers it.
 */

import * as mysql from '../../engine/mysql/blue-green-metadata.js';
import { Admin } from '../../engine/postgres/admin.js';
import type { MetadataRow } from '../../engine/postgres/blue-green-metadata.js';
import * as postgres from '../../engine/postgres/blue-green-metadata.js';
import { messageOf } from '../../user-error.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';

const version = '1.0';

export class BlueGreenMetadata {
  readonly #blue: ClusterRecord;
  readonly #green: ClusterRecord;
  /** Those who were there when the deployment was made, whoever's record they are in now. */
  readonly #all: readonly Instance[];
  /** Those with a table or functions of their own: standbys of Postgres have their writer's. */
  readonly #own: readonly Instance[];
  #installed: Promise<void> | undefined;
  #oldName: string | undefined;
  /** What is told comes in the order in which it was said. */
  #last: Promise<void> = Promise.resolve();

  constructor(blue: ClusterRecord, green: ClusterRecord) {
    this.#blue = blue;
    this.#green = green;
    this.#all = [...blue.instances, ...green.instances];
    this.#own = this.#all.filter(({ role, server }) => role === 'writer' || isMysql(server));
  }

  /** Green has blue's names from now on, and blue has that one. */
  renamed(oldName: string): void {
    this.#oldName = oldName;
  }

  /** Never rejects: what hinders a server from telling it is noted. */
  tell(status: string): Promise<void> {
    this.#last = this.#last
      .then(() => this.#tell(status))
      .catch((error: unknown) => this.#note(error));
    return this.#last;
  }

  async #tell(status: string): Promise<void> {
    this.#installed ??= this.#install();
    await this.#installed;
    const rows = this.#rows(status);
    const running = this.#all.filter(({ server }) => server.state === 'running');
    await Promise.all(running.map((instance) => write(instance, rows)));
  }

  /** Takes it away from every server that can be reached. Never rejects. */
  async remove(): Promise<void> {
    await this.#last;
    for (const instance of this.#own) {
      if (instance.server.state !== 'running') continue;
      await this.#each(instance, {
        mysql: mysql.dropMetadata,
        postgres: (inDatabase) => postgres.dropMetadata(inDatabase, this.#function),
      }).catch((error: unknown) => this.#note(error));
    }
  }

  async #install(): Promise<void> {
    const { user } = this.#blue.application;
    for (const instance of this.#own)
      await this.#each(instance, {
        mysql: (admin) => mysql.installMetadata(admin, user),
        postgres: (inDatabase) => postgres.installMetadata(inDatabase, this.#function),
      });
  }

  /** On the server of MySQL, or in each database of Postgres in which clients may ask. */
  async #each(
    { member, server }: Instance,
    work: {
      readonly mysql: (admin: Parameters<typeof mysql.dropMetadata>[0]) => Promise<void>;
      readonly postgres: (inDatabase: Admin) => Promise<void>;
    },
  ): Promise<void> {
    if (member.protocolName === 'mysql') return await work.mysql(member.admin);
    const { database } = this.#blue.application;
    for (const name of new Set([database, 'postgres'])) {
      const inside = new Admin(server.address, { ...server.admin, database: name });
      await work.postgres(inside).finally(() => inside.disconnect());
    }
  }

  get #function(): postgres.MetadataFunction {
    return this.#blue.engine.startsWith('aurora-') ? 'aurora' : 'rds';
  }

  #rows(status: string): MetadataRow[] {
    const old = this.#oldName;
    const { identifier: blue } = this.#blue;
    const { identifier: green } = this.#green;
    // Records and their ports stay when the names of the two sides change.
    const source = old === undefined ? this.#blue : this.#green;
    const target = old === undefined ? this.#green : this.#blue;
    const sourceName = (name: string): string =>
      old === undefined ? name : name.replace(green, old);
    return [
      ...rowsOf(source, 'BLUE_GREEN_DEPLOYMENT_SOURCE', sourceName, `db-${blue}`, status),
      ...rowsOf(target, 'BLUE_GREEN_DEPLOYMENT_TARGET', (name) => name, `db-${green}`, status),
    ];
  }

  #note(error: unknown): void {
    const text = `drivers were not told of the deployment: ${messageOf(error)}`;
    this.#blue.note('warning', 'metadata-not-told', text);
  }
}

/** The names that clients dial: of the writer, of readers where there are any. */
function rowsOf(
  { writer, reader, readers }: ClusterRecord,
  role: string,
  rename: (name: string) => string,
  id: string,
  status: string,
): MetadataRow[] {
  const addresses = readers.length === 0 ? [writer] : [writer, reader];
  return addresses.map(({ name, port }, index) => ({
    id: index === 0 ? id : `${id}-ro`,
    endpoint: rename(name),
    ...{ port, role, status, version },
  }));
}

async function write({ member }: Instance, rows: readonly MetadataRow[]): Promise<void> {
  if (member.protocolName === 'postgres') await postgres.writeMetadata(member.admin, rows);
  else await mysql.writeMetadata(member.admin, rows);
}

function isMysql({ spec }: Instance['server']): boolean {
  return spec.engine !== 'postgres';
}
