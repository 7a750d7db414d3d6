/** When a starting server can answer: as early as can be known, without a fixed wait. */
import { connect, type Socket } from 'node:net';
import type { AdminLogin } from '../../server.js';

const answerMsMax = 10_000;

/** How a server answered: a query, not (yet), or by refusing us for good. */
export type Answered = 'query' | 'nothing' | Refused;

export interface Refused {
  /** In the server's words. */
  readonly refused: string;
  /** Of the login itself. */
  readonly ofLogin: boolean;
}

/** Error numbers of a login that no waiting makes valid. */
const loginRefusals = [1044, 1045, 1698];
/** What a server says that is busy, starts or ends: another try may meet it otherwise. */
const passing = [1040, 1053, 1077, 1079, 1129, 1203, 1226, 3032, 3168];

/**
 * Whether the server lets the admin in and answers a query. The port is dialled first, which
 * costs next to nothing while nobody listens; the login goes over that same connection, because a
 * server counts those that are broken off.
 */
export async function answersQuery(port: number, admin: AdminLogin): Promise<Answered> {
  const socket = await dial(port);
  if (socket === undefined) return 'nothing';
  try {
    const { createConnection } = await import('mysql2/promise');
    const connection = await createConnection({
      stream: socket,
      ...admin,
      connectTimeout: answerMsMax,
    });
    connection.on('error', () => {
      // A lost connection shows in the query under way.
    });
    await connection.query({ sql: 'SELECT 1', timeout: answerMsMax });
    await connection.end();
    return 'query';
  } catch (error) {
    const { errno = 0, sqlState, message } = error as ServerSaid;
    // Only what the server itself said has a SQLSTATE.
    if (typeof sqlState !== 'string' || sqlState === '' || passing.includes(errno))
      return 'nothing';
    return { refused: message, ofLogin: loginRefusals.includes(errno) };
  } finally {
    socket.destroy();
  }
}

interface ServerSaid {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message: string;
}

function dial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const failed = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(answerMsMax, failed);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', failed);
      // Until the driver listens, and after it is done with it.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
