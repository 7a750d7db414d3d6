/**
 * What a client has of one connection, whatever the engine: nothing it does is an unhandled
 * error, every wait has a deadline that destroys the socket, and what goes wrong is a value.
 */
import type { Clock } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import type { ConnectionTarget } from './target.js';

export interface OpenOptions {
  readonly target: ConnectionTarget;
  /** How the client names itself: `application_name` of Postgres, `program_name` of MySQL. */
  readonly applicationName: string;
  readonly clock: Clock;
  /** For everything: name look-up, TCP, TLS and authentication. */
  readonly timeoutMs: number;
}

export type Opened =
  | { readonly connection: DatabaseConnection; readonly failure?: undefined }
  | { readonly connection?: undefined; readonly failure: Failure };

export interface Statement {
  readonly text: string;
  /**
   * What stands for `$1` (Postgres) or `?` (MySQL). Without a name Postgres is sent them beside
   * the text, by its extended protocol; MySQL's text protocol has them written into the text.
   */
  readonly values?: readonly string[];
  /** A statement prepared on the server, once per connection. */
  readonly name?: string;
}

/** Values as the server writes them: text or null. */
export type Row = readonly (string | null)[];

export type Answer =
  | {
      readonly ok: true;
      /** The command's tag where the protocol has one (Postgres: `COMMIT`), else empty. */
      readonly command: string;
      readonly rows: readonly Row[];
      /** Whether a transaction is open now, where the answer says so (MySQL's OK does). */
      readonly inTransaction?: boolean;
      /** The AUTO_INCREMENT value that an INSERT was given, where the answer says so (MySQL's). */
      readonly insertId?: string;
    }
  | {
      readonly ok: false;
      readonly failure: Failure;
      /** False where it never left: the connection was lost before. */
      readonly sent: boolean;
      /** True where the server refused the statement, so that it surely did nothing. */
      readonly definite: boolean;
    };

export interface DatabaseConnection {
  /** Why this connection can no longer be used, or null. Costs no byte on the wire. */
  readonly lost: Failure | null;
  /** Runs one statement; one at a time. On time-out the connection is gone. Never rejects. */
  query(statement: Statement, timeoutMs: number): Promise<Answer>;
  /** Says good-bye and waits for the server to close, but not for long. Never rejects. */
  close(): Promise<void>;
  /** Drops the connection without a word, and with it whatever is under way. */
  destroy(): void;
}
