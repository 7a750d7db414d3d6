/** The Postgres protocol at an endpoint: greetings, and cancel requests by the endpoint's keys. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import { cancelRequestMessage } from '../../wire/postgres/messages.js';
import type { ClientAuthentication, Greeting, Host, Protocol } from '../protocol.js';
import type { Credentials } from './authenticate.js';
import { type Greeted, greet, type Sessions } from './greet.js';
import { PostgresSession } from './session.js';
import { openUpstream, type Upstream } from './upstream.js';

const upstreamMsMax = 10_000;

export interface PostgresProtocolOptions {
  readonly clock: Clock;
  /** `pg_authid.rolpassword` of a role, asked of the server; null = none. */
  readonly verifier: (user: string) => Promise<string | null>;
}

export class PostgresProtocol implements Protocol, Sessions {
  readonly verifier: (user: string) => Promise<string | null>;
  readonly #clock: Clock;
  readonly #byProcessId = new Map<number, PostgresSession>();
  #nextProcessId = 1000;
  #target: () => ServerAddress | undefined = () => undefined;

  constructor({ clock, verifier }: PostgresProtocolOptions) {
    this.#clock = clock;
    this.verifier = verifier;
  }

  async greet(raw: Socket, method: ClientAuthentication, host: Host): Promise<Greeting> {
    this.#target = host.target;
    const end = await greet(raw, method, host, this);
    return 'greeted' in end ? this.#greeting(end.greeted) : end;
  }

  newProcessId(): number {
    return this.#nextProcessId++;
  }

  connect(
    address: ServerAddress,
    parameters: ReadonlyMap<string, string>,
    credentials: Credentials,
  ): Promise<Upstream> {
    const clock = this.#clock;
    return openUpstream({ address, parameters, credentials, clock, timeoutMs: upstreamMsMax });
  }

  letGo({ socket }: Upstream): void {
    socket.on('error', () => {});
    socket.destroy();
  }

  cancel(processId: number, secret: number): void {
    const session = this.#byProcessId.get(processId);
    // A parked session's connection carries questions of ours: a cancel must not reach those.
    const running = session?.state === 'running' && session.cancelKey.secret === secret;
    const key = running ? session.serverKey : undefined;
    const target = this.#target();
    if (key === undefined || target === undefined) return;
    const socket = connect({ ...target });
    socket.on('error', () => {});
    socket.setTimeout(upstreamMsMax, () => socket.destroy());
    socket.resume();
    socket.end(cancelRequestMessage(key.processId, key.secret));
  }

  #greeting(greeted: Greeted): Greeting {
    const { client, unread, upstream, parameters, credentials } = greeted;
    return {
      alive: !client.destroyed,
      begin: (place) => {
        if (unread.length > 0) client.unshift(unread);
        const session = new PostgresSession({
          ...greeted,
          ...place,
          connect: (address) => this.connect(address, parameters, credentials),
          onClosed: (closed) => {
            this.#byProcessId.delete(greeted.cancelKey.processId);
            place.onClosed(closed);
          },
        });
        this.#byProcessId.set(greeted.cancelKey.processId, session);
        return session;
      },
      abandon: () => this.letGo(upstream),
    };
  }
}
