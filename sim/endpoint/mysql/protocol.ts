/** The MySQL protocol at an endpoint: greetings, and the connection ids that its clients know. */
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import type { ClientAuthentication, Greeting, Host, Protocol } from '../protocol.js';
import { ownKey, type Verifier } from './authenticate.js';
import { type ChangedUser, type ChangeUserOptions, changeUser } from './change-user.js';
import { AcceptedPasswords } from './credentials.js';
import { DialSlots } from './dial-slots.js';
import { type Greeted, greet, logInAgain, type Sessions } from './greet.js';
import { MysqlSession, type SessionHost } from './session.js';
import { type Dialled, hangUp, type Upstream } from './upstream.js';

/**
 * Connection ids of the endpoint's own, for greetings: far from those of any server, which are
 * what CONNECTION_ID() and a process list tell. A KILL can then mean only one of the two.
 */
const firstClientId = 1_000_000_000;
const lastClientId = 2_000_000_000;

export interface MysqlProtocolOptions {
  readonly clock: Clock;
  /** What the server stores of a user, asked of it; null = there is none. */
  readonly verifier: (user: string) => Promise<Verifier | null>;
}

export class MysqlProtocol implements Protocol, Sessions, SessionHost {
  readonly accepted = new AcceptedPasswords();
  readonly dials = new DialSlots<Dialled>(hangUp);
  readonly verifier: (user: string) => Promise<Verifier | null>;
  readonly #clock: Clock;
  readonly #byClientId = new Map<number, MysqlSession>();
  #nextClientId = firstClientId;

  constructor({ clock, verifier }: MysqlProtocolOptions) {
    this.#clock = clock;
    this.verifier = verifier;
    void ownKey();
  }

  async greet(raw: Socket, method: ClientAuthentication, host: Host): Promise<Greeting> {
    const end = await greet(raw, method, host, this);
    return 'greeted' in end ? this.#greeting(end.greeted) : end;
  }

  newConnectionId(): number {
    const id = this.#nextClientId++;
    if (this.#nextClientId > lastClientId) this.#nextClientId = firstClientId;
    return id;
  }

  /** An id of no session of ours is one that the server told: `connection_id()`, a process list. */
  serverConnectionId(id: number): number {
    return this.#byClientId.get(id)?.serverProcessId ?? id;
  }

  reconnect(address: ServerAddress, session: Greeted): Promise<Upstream> {
    return logInAgain(address, session, this.#clock, this.accepted);
  }

  changeUser(options: Omit<ChangeUserOptions, 'sessions' | 'clock'>): Promise<ChangedUser> {
    return changeUser({ ...options, sessions: this, clock: this.#clock });
  }

  #greeting(greeted: Greeted): Greeting {
    const { client, unread, upstream, clientConnectionId } = greeted;
    return {
      alive: !client.destroyed,
      begin: (place) => {
        if (unread.length > 0) client.unshift(unread);
        const session = new MysqlSession({
          ...greeted,
          ...place,
          host: this,
          onClosed: (closed) => {
            this.#byClientId.delete(clientConnectionId);
            place.onClosed(closed);
          },
        });
        this.#byClientId.set(clientConnectionId, session);
        return session;
      },
      abandon: () => {
        upstream.socket.on('error', () => {});
        upstream.socket.destroy();
      },
    };
  }
}
