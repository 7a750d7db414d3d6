/**
 * What a fault is. Faults form a chain: every chunk on a link asks each active fault in turn, and
 * with none active nothing is asked. One file per fault beside this one; `index.ts` lists them.
 */
import type { Rng } from '../../rng.js';

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
  /** Done once, when it begins. */
  readonly onBegin?: (endpoint: FaultableEndpoint) => void;
}

/** A kind of fault that can be asked for. */
export interface FaultKind {
  readonly name: string;
  readonly what: string;
  /** What the value means, or null when it takes none. */
  readonly value: {
    readonly unit: 'ms' | 'bytes' | 'share';
    readonly example: string;
    readonly valueMax: number;
  } | null;
  begin(value: number): ActiveFault;
}
