/**
 * A client's logical session: it can outlive its server connection. While running it passes bytes
 * both ways; on a hold it stops at its next idle point and is parked; parked it can be examined
 * on its own server connection, detached from it, and attached to another. What the bytes mean is
 * for the protocol's own kind of session to say.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { ServerAddress } from '../server/server.js';
import type { ActiveFault, FaultableSession } from './faults/fault.js';
import { Link } from './link.js';
import { resetConnection } from './reset-connection.js';

/** Who ended a session: its client, its server, or the endpoint. */
export type SessionEnd = 'client' | 'server' | 'endpoint';
export type SessionState = 'running' | 'parked' | 'detached' | 'closed';

/** What a client may send into a hold before it is not read any more. */
const heldBytesMax = 256 * 1024;
/** How long a client that was told to go may take to read what was sent. */
const clientEndMsMax = 5_000;

/** Who a session belongs to, as its client said when it came. */
export interface SessionOwner {
  readonly user: string;
  /** `application_name` of Postgres, `program_name` of MySQL; empty where none was told. */
  readonly applicationName: string;
}

/** What the endpoint gives every session. */
export interface SessionPlace {
  readonly id: string;
  readonly listener: string;
  readonly clock: Clock;
  readonly faults: readonly ActiveFault[];
  readonly onClosed: (session: Session) => void;
}

export interface SessionBirth extends SessionPlace {
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

export abstract class Session implements FaultableSession {
  readonly id: string;
  readonly listener: string;
  readonly owner: SessionOwner;
  readonly openedNs: number;
  protected readonly toServer: Link;
  protected readonly toClient: Link;
  readonly #clock: Clock;
  readonly #client: Socket;
  readonly #raw: Socket;
  readonly #onClosed: (session: Session) => void;
  #server: Socket | undefined;
  #state: SessionState = 'running';
  #holding = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #talk: ServerTalk | undefined;
  #onParked: (() => void)[] = [];
  #endedBy: SessionEnd | null = null;
  #hangs = false;
  #hung = false;
  /** Somebody else talks with the client: nothing of it is passed on. */
  #lent = false;

  protected constructor(birth: SessionBirth) {
    this.id = birth.id;
    this.listener = birth.listener;
    this.owner = birth.owner;
    this.openedNs = birth.clock.nowNs();
    this.#clock = birth.clock;
    this.#client = birth.client;
    this.#raw = birth.raw;
    this.#onClosed = birth.onClosed;
    this.toServer = new Link(this.id, 'to-server', birth.clock, birth.faults, {
      deliver: (chunk) => this.#server?.write(chunk) ?? true,
      pauseSender: () => this.#client.pause(),
      resumeSender: () => {
        if (this.#heldBytes <= heldBytesMax && this.#client.isPaused()) this.#client.resume();
      },
      cut: () => this.reset(),
    });
    this.toClient = new Link(this.id, 'to-client', birth.clock, birth.faults, {
      deliver: (chunk) => this.#client.write(chunk),
      pauseSender: () => this.#server?.pause(),
      resumeSender: () => {
        if (this.#server?.isPaused()) this.#server.resume();
      },
      cut: () => this.reset(),
    });
  }

  /** Nothing is under way that keeps it from being parked. */
  protected abstract get parkable(): boolean;
  /** A request was sent whole and its answer is due; the client need not send more. */
  protected abstract get awaitsAnswer(): boolean;
  /** The client's last message was sent whole; `serverBetween`: the server's. */
  protected abstract get clientBetween(): boolean;
  protected abstract get serverBetween(): boolean;
  /** What somebody sent that no protocol allows, in a sentence. */
  protected abstract get violation(): string | undefined;
  /** Passes on what the client sent, and keeps the books. */
  protected abstract passOn(chunk: Buffer): void;
  /** The same up to the end of the message under way; returns where that is. */
  protected abstract passOneOn(chunk: Buffer): number;
  /** Passes back what the server sent, and keeps the books. */
  protected abstract passBack(chunk: Buffer): void;
  /** The same up to the end of the message under way; returns where that is. */
  protected abstract passOneBack(chunk: Buffer): number;
  /** Whether the message that begins here says that the client leaves. */
  protected abstract saysGoodbye(chunk: Buffer): boolean;
  /** Whether the message that begins here is one that the published defect never answers. */
  protected abstract hangsOn(chunk: Buffer): boolean;
  /** What a server that goes down says to this client now; may be nothing. */
  protected abstract get lastWords(): Buffer;
  protected abstract violationNotice(text: string): Buffer;
  /** What a client says to the server when it leaves. */
  protected abstract get goodbye(): Buffer;
  /** Its server connection is gone, or let go. */
  protected abstract forgetServer(): void;
  /** Logs in to that server in the session's name, for a detached session. */
  protected abstract openServer(address: ServerAddress): Promise<Socket>;
  /** The server's own number for this session, while it has a server connection. */
  abstract get serverProcessId(): number | undefined;

  get state(): SessionState {
    return this.#state;
  }

  /** Who ended it; null while it lives. */
  get endedBy(): SessionEnd | null {
    return this.#endedBy;
  }

  /** Stops the session at its next idle point; what the client sends after it waits. */
  hold(): void {
    if (this.#state !== 'running') return;
    this.#holding = true;
    this.#advance();
  }

  /** Resolves when the session is parked, or closed. */
  parked(): Promise<void> {
    if (this.#state !== 'running') return Promise.resolve();
    return new Promise((resolve) => this.#onParked.push(resolve));
  }

  /** Lets the session go on; what waited is sent. */
  release(): void {
    this.#holding = false;
    if (this.#state === 'parked') this.#state = 'running';
    this.#advance();
    if (this.#heldBytes <= heldBytesMax && this.#client.isPaused()) this.#client.resume();
  }

  /** Lets the parked session's server connection go. */
  detach(): void {
    if (this.#state !== 'parked') return;
    this.#state = 'detached';
    this.letServerGo(this.goodbye);
  }

  /**
   * Gives the detached session a server connection again; it stays parked until `release`.
   * @throws what logging in throws
   */
  async reconnect(address: ServerAddress): Promise<void> {
    const server = await this.openServer(address);
    if (this.#state !== 'detached') {
      server.on('error', () => {});
      server.destroy();
      return;
    }
    this.#state = 'parked';
    this.useServer(server);
  }

  /** From now on the first request of the kind that `hangsOn` names is never answered. */
  hangOnce(): void {
    this.#hangs = true;
  }

  /** Ends the session as a server that is going down would. */
  drop(): void {
    this.#endWith(this.lastWords);
  }

  reset(): void {
    this.#close('endpoint', () => resetConnection(this.#raw, this.#client));
  }

  /** A fault began or ended: what waits on the links may move. */
  faultsChanged(): void {
    this.toServer.pump();
    this.toClient.pump();
  }

  /**
   * Sends bytes of ours on the parked session's own server connection, whose answer `talk` takes.
   * @throws Error when the server goes away or does not answer in time
   */
  protected async exchange<T>(
    bytes: Buffer,
    talk: ServerTalk & { readonly answered: Promise<T> },
    timeoutMs: number,
  ): Promise<T> {
    const server = this.#server;
    if (this.#state !== 'parked' || server === undefined || this.#talk !== undefined)
      throw new Error(`session ${this.id} is ${this.#state}: it cannot be talked to`);
    this.#talk = talk;
    const limit = this.#clock.timer(timeoutMs, () =>
      talk.giveUp(`no answer within ${timeoutMs} ms`),
    );
    server.write(bytes);
    try {
      return await talk.answered;
    } finally {
      limit.cancel();
      this.#talk = undefined;
    }
  }

  /** For the birth of a session: from now on bytes flow. */
  protected begin(server: Socket): void {
    this.#listenToClient();
    this.useServer(server);
  }

  protected useServer(server: Socket): void {
    this.#server = server;
    let broken = false;
    server.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    server.on('drain', () => this.toServer.drained());
    server.on('error', () => {
      broken = true;
    });
    server.on('close', () => this.#serverGone(broken));
    server.resume();
  }

  protected letServerGo(lastMessage: Buffer): void {
    const server = this.#server;
    this.#server = undefined;
    this.forgetServer();
    if (server === undefined) return;
    server.removeAllListeners();
    server.on('error', () => {});
    server.resume();
    server.end(lastMessage);
  }

  /**
   * Lends the client's connection for a talk in the middle of the session.
   * @param work gives back what the client sent behind the talk
   */
  protected async lendClient(work: (client: Socket) => Promise<Buffer>): Promise<void> {
    const client = this.#client;
    this.#lent = true;
    client.off('data', this.#fromClient);
    const unread = await work(client);
    this.#lent = false;
    if (this.#state === 'closed') return;
    client.on('data', this.#fromClient);
    if (unread.length > 0) this.#fromClient(unread);
    if (this.#heldBytes <= heldBytesMax) client.resume();
    this.#advance();
  }

  #listenToClient(): void {
    const client = this.#client;
    client.on('data', this.#fromClient);
    client.on('drain', () => this.toClient.drained());
    client.on('error', () => this.#clientGone());
    client.on('end', () => this.#clientGone());
    client.on('close', () => this.#clientGone());
    client.resume();
  }

  #fromClient = (chunk: Buffer): void => {
    if (this.#holding || this.#held.length > 0 || this.#hangs) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      this.#advance();
      if (this.#heldBytes > heldBytesMax) this.#client.pause();
      return;
    }
    this.passOn(chunk);
    if (this.violation !== undefined) this.#refuseViolation();
  };

  #refuseViolation(): void {
    this.#endWith(this.violationNotice(this.violation ?? 'protocol violation'));
  }

  #endWith(notice: Buffer): void {
    if (this.#state === 'closed') return;
    if (notice.length > 0) this.toClient.send(notice);
    this.#close('endpoint', () => this.toClient.finish(() => this.#endClient()));
  }

  #fromServer(chunk: Buffer): void {
    if (this.#talk !== undefined) {
      // What began before our talk, a notification cut in two, is the client's to its end.
      const end = this.serverBetween ? 0 : this.passOneBack(chunk);
      if (end < chunk.length) this.#talk.take(chunk.subarray(end));
      return;
    }
    this.passBack(chunk);
    if (this.#holding || this.#held.length > 0) this.#advance();
  }

  /** Sends on what may be sent, message by message, and parks the session where it may be. */
  #advance(): void {
    while (this.#held.length > 0 && this.#mayForward()) this.#forwardOne();
    if (this.#leaving()) {
      this.#clientGone();
      return;
    }
    if (this.#holding && !this.#lent && this.#state === 'running' && this.parkable) {
      this.#state = 'parked';
      this.#tellParked();
    }
  }

  #mayForward(): boolean {
    if (this.#hung || this.#lent || this.#state !== 'running') return false;
    if (!this.#holding) return true;
    return !this.parkable && !this.awaitsAnswer;
  }

  #forwardOne(): void {
    const chunk = this.#held[0] as Buffer;
    if (this.#hangs && this.clientBetween) {
      this.#hung = this.hangsOn(chunk);
      if (this.#hung) return;
    }
    const end = this.passOneOn(chunk);
    if (this.violation !== undefined) {
      this.#refuseViolation();
      return;
    }
    this.#heldBytes -= end;
    if (end === chunk.length) this.#held.shift();
    else this.#held[0] = chunk.subarray(end);
  }

  /** A held client that says that it leaves is gone: nobody waits for it. */
  #leaving(): boolean {
    const next = this.#held[0];
    if (this.#lent || !this.#holding || next === undefined || !this.clientBetween) return false;
    return this.parkable && this.saysGoodbye(next);
  }

  #tellParked(): void {
    const waiting = this.#onParked;
    this.#onParked = [];
    for (const resolve of waiting) resolve();
  }

  #clientGone(): void {
    // What the client sent before it left still belongs to the server.
    const server = this.#server;
    this.#close(
      'client',
      () => this.#client.destroy(),
      () => this.toServer.finish(() => server?.end()),
    );
  }

  #serverGone(broken: boolean): void {
    this.#close('server', () =>
      this.toClient.finish(() => {
        if (broken) resetConnection(this.#raw, this.#client);
        else this.#endClient();
      }),
    );
  }

  /** Ends the client's side in order; a client that never reads is cut off. */
  #endClient(): void {
    const client = this.#client;
    const limit = this.#clock.timer(clientEndMsMax, () => client.destroy());
    client.once('close', () => limit.cancel());
    client.end();
  }

  /** Ends everything; the arguments say how each side ends. */
  #close(by: SessionEnd, endClient: () => void, endServer?: () => void): void {
    if (this.#state === 'closed') return;
    this.#endedBy = by;
    this.#state = 'closed';
    this.#talk?.giveUp('the session was closed');
    this.#held = [];
    this.#heldBytes = 0;
    const server = this.#server;
    if (server !== undefined) {
      server.removeAllListeners();
      server.on('error', () => {});
      server.on('drain', () => this.toServer.drained());
      server.resume();
    }
    if (endServer === undefined) {
      this.toServer.discard();
      server?.end();
    } else endServer();
    this.#client.removeAllListeners('data');
    this.#client.on('error', () => {});
    this.#client.resume();
    endClient();
    this.#tellParked();
    this.#onClosed(this);
  }
}
