/** When a starting server can answer: as early as can be known, without a fixed wait. */
import { connect, type Socket } from 'node:net';
import type { AdminLogin } from '../../server.js';

const answerMsMax = 10_000;

/** How a server answered: a query, not (yet), or by refusing the login for good. */
export type Answered = 'query' | 'nothing' | { readonly refused: string };

/** Error numbers of a login that no waiting makes valid: 1044, 1045, 1698. */
const refusals = [1044, 1045, 1698];

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
    const { errno, message } = error as { errno?: number; message: string };
    return refusals.includes(errno ?? 0) ? { refused: message } : 'nothing';
  } finally {
    socket.destroy();
  }
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
