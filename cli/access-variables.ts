/** The environment in which a client of the user's own finds the endpoint, by its protocol. */
import type { Cluster, EndpointAddress, ThroughAddress } from '../sim/sim.js';
import { doorwayVariables } from './doorway.js';

export type Reachable = Pick<Cluster, 'writer' | 'application' | 'caPem' | 'server' | 'doorway'> &
  Partial<Pick<Cluster, 'reader' | 'instances'>>;

/**
 * @param certificate path of the authority's certificate
 * @param through what stands before the writer, where anything does: it is what is dialled then
 */
export function accessVariables(
  cluster: Reachable,
  certificate: string,
  through: ThroughAddress | null = null,
): Record<string, string> {
  const { application, server } = cluster;
  const writer = through ?? cluster.writer;
  const { user, password, database } = application;
  const port = String(writer.port);
  const scheme = server === 'postgres' ? 'postgresql' : 'mysql';
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const url = ({ host, port: at }: EndpointAddress): string =>
    `${scheme}://${login}@${host}:${at}/${encodeURIComponent(database)}`;
  const own =
    server === 'postgres'
      ? {
          PGHOST: writer.host,
          PGPORT: port,
          PGUSER: user,
          PGPASSWORD: password,
          PGDATABASE: database,
          PGSSLROOTCERT: certificate,
          DATABASE_URL: url(writer),
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
          DATABASE_URL: url(writer),
        };
  const reader = readerOf(cluster);
  const readers =
    reader === null
      ? {}
      : { REHEARSE_READER_PORT: String(reader.port), REHEARSE_READER_URL: url(reader) };
  const direct =
    through === null
      ? {}
      : {
          REHEARSE_DIRECT_PORT: String(cluster.writer.port),
          REHEARSE_DIRECT_URL: url(cluster.writer),
          // A program of somebody else's is dialled in clear.
          ...(through.caPem === null && server === 'postgres' ? { PGSSLMODE: 'disable' } : {}),
        };
  return { ...own, ...readers, ...direct, ...doorwayVariables(cluster) };
}

/** The reader endpoint, where it leads to anybody but the writer. */
export function readerOf({ reader, instances = [] }: Partial<Cluster>): EndpointAddress | null {
  const hasReader = instances.some(({ role }) => role === 'reader');
  return hasReader && reader !== undefined ? reader : null;
}
