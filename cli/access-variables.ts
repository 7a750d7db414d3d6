/** The environment in which a client of the user's own finds the endpoint, by its protocol. */
import type { Cluster } from '../sim/sim.js';
import { doorwayVariables } from './doorway.js';

export type Reachable = Pick<Cluster, 'writer' | 'application' | 'caPem' | 'server' | 'doorway'>;

/** @param certificate path of the authority's certificate */
export function accessVariables(cluster: Reachable, certificate: string): Record<string, string> {
  const { writer, application, server } = cluster;
  const { user, password, database } = application;
  const port = String(writer.port);
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const place = `${login}@${writer.host}:${port}/${encodeURIComponent(database)}`;
  const own =
    server === 'postgres'
      ? {
          PGHOST: writer.host,
          PGPORT: port,
          PGUSER: user,
          PGPASSWORD: password,
          PGDATABASE: database,
          PGSSLROOTCERT: certificate,
          DATABASE_URL: `postgresql://${place}`,
        }
      : {
          MYSQL_HOST: writer.host,
          MYSQL_PORT: port,
          // The names that MySQL's own programs read.
          MYSQL_TCP_PORT: port,
          MYSQL_PWD: password,
          MYSQL_USER: user,
          MYSQL_PASSWORD: password,
          MYSQL_DATABASE: database,
          MYSQL_SSL_CA: certificate,
          DATABASE_URL: `mysql://${place}`,
        };
  return { ...own, ...doorwayVariables(cluster) };
}
