/** The two connections of a session, with a link in each direction, and the ways they end. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { Link } from './link.js';
import { resetConnection } from './reset-connection.js';
import type { SessionPlace } from './session-birth.js';

/** How long a client that was told to go may take to read what was sent. */
const clientEndMsMax = 5_000;

/** What a session does with what comes. */
export interface ConnectionEvents {
  /** These two are called for every chunk: by the sockets themselves, with nothing between. */
  readonly fromClient: (chunk: Buffer) => void;
  readonly fromServer: (chunk: Buffer) => void;
  /** The client has sent its last byte; it may still read. */
  clientEnded(): void;
  clientGone(): void;
  /** @param broken it did not end in order */
  serverGone(broken: boolean): void;
  /** Whether the client may be read on. */
  clientWanted(): boolean;
  /** A fault cuts them. */
  cut(): void;
}

/** How a client's side ends: in order or broken once all is sent, or either of them at once. */
export type ClientEnding = 'told' | 'broken-when-sent' | 'at-once' | 'broken';

export class Connections {
  readonly toServer: Link;
  readonly toClient: Link;
  readonly #client: Socket;
  readonly #raw: Socket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  #server: Socket | undefined;
  #crowded = false;

  /** @param raw the TCP connection under the client's bytes in clear */
  constructor(
    { id, clock, faults }: Omit<SessionPlace<never>, 'onClosed'>,
    client: Socket,
    raw: Socket,
    events: ConnectionEvents,
  ) {
    this.#client = client;
    this.#raw = raw;
    this.#clock = clock;
    this.#events = events;
    const cut = (): void => events.cut();
    this.toServer = new Link(id, 'to-server', clock, faults, {
      pauseSender: () => this.pauseClient(),
      resumeSender: () => this.readClient(),
      cut,
    });
    this.toClient = new Link(id, 'to-client', clock, faults, {
      pauseSender: () => this.#server?.pause(),
      resumeSender: () => {
        if (this.#server?.isPaused()) this.#server.resume();
      },
      cut,
    });
    this.toClient.receiver = client;
  }

  get server(): Socket | undefined {
    return this.#server;
  }

  /** From now on the client's bytes come. */
  listen(): void {
    const client = this.#client;
    client.on('data', this.#events.fromClient);
    client.on('drain', () => this.toClient.drained());
    client.on('error', () => this.#events.clientGone());
    client.on('end', () => this.#events.clientEnded());
    client.on('close', () => this.#events.clientGone());
    client.resume();
  }

  pauseClient(): void {
    this.#client.pause();
  }

  readClient(): void {
    if (this.#crowded || !this.#events.clientWanted()) return;
    if (this.#client.isPaused()) this.#client.resume();
  }

  /** @param crowded too much that the client sent is unanswered: it is held back until it is not */
  pace(crowded: boolean): void {
    if (crowded === this.#crowded) return;
    this.#crowded = crowded;
    if (crowded) this.pauseClient();
    else this.readClient();
  }

  /** Somebody else reads the client meanwhile. @param work gives back what came behind its talk */
  async lendClient(work: (client: Socket) => Promise<Buffer>): Promise<Buffer> {
    this.#client.off('data', this.#events.fromClient);
    const unread = await work(this.#client);
    if (!this.#client.destroyed) this.#client.on('data', this.#events.fromClient);
    return unread;
  }

  takeServer(server: Socket): void {
    this.#server = server;
    this.toServer.receiver = server;
    let broken = false;
    server.on('data', this.#events.fromServer);
    server.on('drain', () => this.toServer.drained());
    server.on('error', () => {
      broken = true;
    });
    server.on('close', () => this.#events.serverGone(broken));
    server.resume();
  }

  /** Lets the server's connection go; nothing of it is heard any more. */
  letServerGo(lastMessage: Buffer): void {
    const server = this.#server;
    this.#server = undefined;
    this.toServer.receiver = undefined;
    if (server === undefined) return;
    server.removeAllListeners();
    server.on('error', () => {});
    server.resume();
    server.end(lastMessage);
  }

  /** Tells the server, behind all that was sent, that nothing more comes. */
  endServer(): void {
    const server = this.#server;
    this.toServer.finish(() => server?.end());
  }

  /** Ends both. @param delivers what the client sent is still the server's */
  close(ending: ClientEnding, delivers: boolean): void {
    const server = this.#server;
    if (server !== undefined) {
      server.removeAllListeners();
      server.on('error', () => {});
      server.on('drain', () => this.toServer.drained());
      server.resume();
    }
    if (delivers) this.endServer();
    else {
      this.toServer.discard();
      server?.end();
    }
    this.#client.removeAllListeners('data');
    this.#client.on('error', () => {});
    this.#client.resume();
    this.#endClient(ending);
  }

  /** They are closed, but bytes wait on a link until a fault lets them through. */
  get waits(): boolean {
    return this.toServer.waits || this.toClient.waits;
  }

  /** Breaks both, be it that their end is under way already. */
  break(): void {
    resetConnection(this.#raw, this.#client);
    this.#server?.end();
  }

  /** What still waits is given up. */
  abandon(): void {
    this.toServer.discard();
    this.toClient.discard();
    this.#client.destroy();
    this.#raw.destroy();
    this.#server?.destroy();
  }

  #endClient(ending: ClientEnding): void {
    const broken = (): void => resetConnection(this.#raw, this.#client);
    if (ending === 'at-once') this.#client.destroy();
    else if (ending === 'broken') broken();
    else this.toClient.finish(ending === 'told' ? () => this.#letRead() : broken);
  }

  /** A client that never reads is cut off. */
  #letRead(): void {
    const client = this.#client;
    const limit = this.#clock.timer(clientEndMsMax, () => client.destroy());
    client.once('close', () => limit.cancel());
    client.end();
  }
}
