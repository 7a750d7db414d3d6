/** What a session is made of and told by. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { ActiveFault } from './faults/fault.js';
import type { StatementHook } from './statement-hook.js';

/** Who ended a session: its client, its server, or the endpoint. */
export type SessionEnd = 'client' | 'server' | 'endpoint';
export type SessionState = 'running' | 'parked' | 'detached' | 'closed';

/** Who a session belongs to, as its client said when it came. */
export interface SessionOwner {
  readonly user: string;
  /** `application_name` of Postgres, `program_name` of MySQL; empty where none was told. */
  readonly applicationName: string;
}

/** What the endpoint gives every session. */
export interface SessionPlace<S> {
  readonly id: string;
  readonly listener: string;
  readonly clock: Clock;
  readonly faults: readonly ActiveFault[];
  /** The endpoint's live list. */
  readonly hooks: readonly StatementHook[];
  readonly onClosed: (session: S) => void;
}

export interface SessionBirth<S> extends SessionPlace<S> {
  /** The client's bytes in clear, and the TCP connection under them. */
  readonly client: Socket;
  readonly raw: Socket;
  readonly owner: SessionOwner;
}

/** Takes the server's bytes in the client's stead while a question of ours is out. */
export interface ServerTalk {
  take(chunk: Buffer): void;
  giveUp(why: string): void;
}
