/** What a pooling endpoint needs of a wire protocol. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Identity } from '../endpoint/certificate.js';
import type { ServerAddress } from '../server/server.js';
import type { PooledSessionOptions } from './pooled-session.js';
import type { ServerConnection } from './server-connection.js';
import type { Borrower, ServerPool } from './server-pool.js';

/** What the protocol needs of its endpoint. */
export interface PoolingHost<S extends ServerConnection> {
  readonly clock: Clock;
  readonly identity: Identity;
  readonly pool: ServerPool<S>;
  /** How long a client may take to be greeted; a wait for a server connection is in it. */
  readonly greetingMsMax: number;
  /** Where the writer is dialled now. */
  target(): ServerAddress;
}

/** A client that was let in. */
export type Admitted<S extends ServerConnection> = Pick<
  PooledSessionOptions<S>,
  'client' | 'raw' | 'unread' | 'books'
> & { readonly borrower: Omit<Borrower<S>, 'user'> };

export interface PoolingProtocol<S extends ServerConnection> {
  /** Learns from the server what clients are greeted with, be it away. @throws its own error */
  learn(host: PoolingHost<S>): Promise<void>;
  /** Greets one client; undefined where it was turned away or left. Never rejects. */
  greet(raw: Socket, host: PoolingHost<S>): Promise<Admitted<S> | undefined>;
}

/** How long a server may take for a login or for an answer of ours. */
export const serverMsMax = 3_000;

export function targetName({ host, port }: ServerAddress): string {
  return `${host}:${port}`;
}

/** The latest of what a server said of a user; while it is away, what it said before. */
export function remembering<T>(
  ask: (user: string) => Promise<T>,
  clock: Clock,
): (user: string) => Promise<T> {
  const known = new Map<string, { readonly said: T }>();
  const usersMax = 1_000;
  const learn = async (user: string): Promise<T> => {
    const said = await ask(user);
    if (known.has(user) || known.size < usersMax) known.set(user, { said });
    return said;
  };
  const patient = async (user: string): Promise<T> => {
    const patience = new AbortController();
    const tooLate = clock.sleep(serverMsMax, patience.signal).then(() => {
      throw new Error('the server does not say who this user is');
    });
    try {
      return await Promise.race([learn(user), tooLate]);
    } finally {
      patience.abort();
      tooLate.catch(() => {});
    }
  };
  return async (user) => {
    const before = known.get(user);
    if (before === undefined) return await patient(user);
    // What has changed counts for the next one: a server that is away must delay nobody.
    void learn(user).catch(() => {});
    return before.said;
  };
}
