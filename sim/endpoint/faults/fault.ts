/**
 * What a fault is. Faults form a chain: every chunk on a link asks each active fault in turn, and
 * with none active nothing is asked. One file per fault beside this one; `index.ts` lists them.
 */
import type { Rng } from '../../rng.js';
import type { SessionOwner } from '../session-birth.js';
import type { StatementHook } from '../statement-hook.js';

export type Direction = 'to-server' | 'to-client';

/** What a fault does to one chunk; the rulings of a chain are added up. */
export interface Ruling {
  /** Delay before delivery. */
  readonly delayMs?: number;
  /** Nothing passes until the fault ends; nothing is lost. */
  readonly blocked?: boolean;
  /** Deliver this many bytes of the chunk, then break the connection. */
  readonly cutAfterBytes?: number;
}

/** What a fault does to a client that dials. */
export type Greeting = 'accept' | 'reset' | 'silence';

/** The part of a session that a fault may touch. */
export interface FaultableSession {
  readonly id: string;
  readonly owner: SessionOwner;
  /** Breaks both connections at once: the client sees a reset. */
  reset(): void;
}

/** The part of the endpoint that a fault may touch when it begins. */
export interface FaultableEndpoint {
  readonly sessions: readonly FaultableSession[];
  readonly stream: Rng;
}

/** A fault that is going on. */
export interface ActiveFault {
  readonly name: string;
  readonly onChunk?: (session: string, direction: Direction, bytes: number) => Ruling;
  readonly onConnect?: () => Greeting;
  /** True while no listener may be open: a dial is refused by the system itself. */
  readonly closesListener?: boolean;
  /** True while clients that dial find a server that starts up. */
  readonly startsUp?: boolean;
  /** Done once, when it begins. */
  readonly onBegin?: (endpoint: FaultableEndpoint) => void;
  /** Called when the endpoint opens after its server was away. */
  readonly onOpen?: () => void;
  /** Asked about statements of clients. */
  readonly statements?: StatementHook;
  /** Why it has met nothing so far, as a clause; null where it has. Default: not known. */
  readonly unmet?: () => string | null;
}

/** Whose sessions a fault may be narrowed to. */
export type SessionsOf = 'application' | 'instrument';

/** What the value after `=` means. */
export interface FaultValue {
  readonly unit: 'ms' | 'bytes' | 'share' | 'count';
  readonly example: string;
  readonly valueMax: number;
  /** Where none is given; without it one must be given. */
  readonly usual?: number;
}

/** A kind of fault that can be asked for. */
export interface FaultKind {
  readonly name: string;
  readonly what: string;
  /** What the value means, or null when it takes none. */
  readonly value: FaultValue | null;
  /** Whether it can be narrowed to sessions of the application or of the instruments. */
  readonly takesSessions?: boolean;
  begin(value: number, sessions?: SessionsOf): ActiveFault;
}
