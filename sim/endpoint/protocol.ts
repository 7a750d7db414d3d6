/** What an endpoint needs of a wire protocol: to turn a dial into a session. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { EndpointState } from '../events.js';
import type { ServerAddress } from '../server/server.js';
import type { Identity } from './certificate.js';
import type { Session } from './session.js';
import type { SessionPlace } from './session-birth.js';

/** What a greeting needs of the endpoint. */
export interface Host {
  readonly clock: Clock;
  readonly identity: Identity;
  /** How long a client may take from its first byte to a session. */
  readonly greetingMsMax: number;
  /** The server that sessions are begun on now. */
  target(): ServerAddress;
  state(): EndpointState;
  /** Resolves when the endpoint no longer holds; rejects when too many wait or for too long. */
  untilReleased(): Promise<void>;
  /** The client has told who it is, and may be a session in a moment. */
  entering(): void;
  /** False while the server is being replaced: a session begun now would die with it. */
  admitting(): boolean;
}

/** How a dial ended: with a session to be begun, or with what the client was given instead. */
export type Greeting =
  | {
      /** Whether the client is still there. */
      readonly alive: boolean;
      begin(place: SessionPlace<Session>): Session;
      /** Lets the server connection go, where the client is not there any more. */
      abandon(): void;
    }
  | { readonly answer: string };

/** How a listener authenticates: as the server's own records say, in clear, or not at all. */
export type ClientAuthentication = 'as-stored' | 'cleartext' | 'trust';

/** One per endpoint: it may know the endpoint's sessions. */
export interface Protocol {
  /** Greets one client. Never rejects: what goes wrong is told to the client and returned. */
  greet(raw: Socket, method: ClientAuthentication, host: Host): Promise<Greeting>;
}
