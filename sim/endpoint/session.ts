/**
 * A client's logical session: it can outlive its server connection. While running it passes bytes
 * both ways; on a hold it stops at its next idle point and is parked; parked it can be examined
 * on its own server connection, detached from it, and attached to another.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import {
  errorMessage,
  frontend,
  parameterStatusMessage,
  terminateMessage,
  type WholeMessage,
} from '../wire/postgres/messages.js';
import type { Credentials } from './authenticate.js';
import type { ActiveFault, FaultableSession } from './faults/fault.js';
import { Link } from './link.js';
import { resetConnection } from './reset-connection.js';
import { Talk } from './talk.js';
import { Traffic } from './traffic.js';
import type { Upstream } from './upstream.js';

/** Who ended a session: its client, its server, or the endpoint. */
export type SessionEnd = 'client' | 'server' | 'endpoint';
export type SessionState = 'running' | 'parked' | 'detached' | 'closed';

/** What a client may send into a hold before it is not read any more. */
const heldBytesMax = 256 * 1024;
/** How long a client that was told to go may take to read what was sent. */
const clientEndMsMax = 5_000;

export interface SessionBirth {
  readonly id: string;
  readonly listener: string;
  /** The client's bytes in clear, and the TCP connection under them. */
  readonly client: Socket;
  readonly raw: Socket;
  readonly upstream: Upstream;
  readonly parameters: ReadonlyMap<string, string>;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly faults: readonly ActiveFault[];
  /** Our own key for CancelRequest. */
  readonly cancelKey: { readonly processId: number; readonly secret: number };
  readonly onClosed: (session: Session) => void;
}

export class Session implements FaultableSession {
  readonly id: string;
  readonly listener: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly credentials: Credentials;
  readonly cancelKey: SessionBirth['cancelKey'];
  readonly openedNs: number;
  readonly traffic: Traffic;
  readonly #clock: Clock;
  readonly #client: Socket;
  readonly #raw: Socket;
  readonly #onClosed: (session: Session) => void;
  readonly #toServer: Link;
  readonly #toClient: Link;
  #server: Socket | undefined;
  #serverKey: { processId: number; secret: number } | undefined;
  #state: SessionState = 'running';
  #holding = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #talk: Talk | undefined;
  #onParked: (() => void)[] = [];
  #endedBy: SessionEnd | null = null;
  #hangsOnParameters = false;
  #hung = false;

  constructor(birth: SessionBirth) {
    this.id = birth.id;
    this.listener = birth.listener;
    this.parameters = birth.parameters;
    this.credentials = birth.credentials;
    this.cancelKey = birth.cancelKey;
    this.openedNs = birth.clock.nowNs();
    this.#clock = birth.clock;
    this.#client = birth.client;
    this.#raw = birth.raw;
    this.#onClosed = birth.onClosed;
    this.traffic = new Traffic(birth.upstream.reported);
    this.#toServer = new Link(this.id, 'to-server', birth.clock, birth.faults, {
      deliver: (chunk) => this.#server?.write(chunk) ?? true,
      pauseSender: () => this.#client.pause(),
      resumeSender: () => {
        if (this.#heldBytes <= heldBytesMax && this.#client.isPaused()) this.#client.resume();
      },
      cut: () => this.reset(),
    });
    this.#toClient = new Link(this.id, 'to-client', birth.clock, birth.faults, {
      deliver: (chunk) => this.#client.write(chunk),
      pauseSender: () => this.#server?.pause(),
      resumeSender: () => {
        if (this.#server?.isPaused()) this.#server.resume();
      },
      cut: () => this.reset(),
    });
    this.#listenToClient();
    this.#useServer(birth.upstream);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Who ended it; null while it lives. */
  get endedBy(): SessionEnd | null {
    return this.#endedBy;
  }

  /** The server's own process id for this session, while it has a server connection. */
  get serverProcessId(): number | undefined {
    return this.#serverKey?.processId;
  }

  /** What a CancelRequest to the server must carry now. */
  get serverKey(): { processId: number; secret: number } | undefined {
    return this.#serverKey;
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

  /**
   * Sends messages of ours on the parked session's own server connection.
   * @param readies how many ReadyForQuery the answer ends with
   * @throws Error when the server goes away or does not answer in time
   */
  async talk(bytes: Buffer, readies: number, timeoutMs: number): Promise<WholeMessage[]> {
    const server = this.#server;
    if (this.#state !== 'parked' || server === undefined || this.#talk !== undefined)
      throw new Error(`session ${this.id} is ${this.#state}: it cannot be talked to`);
    const talk = new Talk(readies, (bytes) => this.#toClient.send(bytes));
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

  /** Lets the parked session's server connection go. */
  detach(): void {
    if (this.#state !== 'parked') return;
    this.#state = 'detached';
    const server = this.#server;
    this.#server = undefined;
    this.#serverKey = undefined;
    if (server === undefined) return;
    server.removeAllListeners();
    server.on('error', () => {});
    server.resume();
    server.end(terminateMessage);
  }

  /** Gives the detached session another server connection; it stays parked until `release`. */
  attach(upstream: Upstream): void {
    if (this.#state !== 'detached') {
      upstream.socket.destroy();
      return;
    }
    this.#state = 'parked';
    this.traffic.restart();
    this.#useServer(upstream);
  }

  /** Tells the client which reported settings differ from what it was told before. */
  announceChanges(reported: ReadonlyMap<string, string>): void {
    for (const [name, value] of reported) {
      if (this.traffic.reported.get(name) === value) continue;
      this.traffic.reported.set(name, value);
      this.#toClient.send(parameterStatusMessage(name, value));
    }
  }

  /** From now on the first parameterised query is never answered: a published defect. */
  hangOnParameters(): void {
    this.#hangsOnParameters = true;
  }

  /** Ends the session as a server that is going down would: an error, then the end. */
  drop(code: string, text: string): void {
    if (this.#state === 'closed') return;
    const fields = { severity: 'FATAL', code, message: text } as const;
    this.#toClient.send(errorMessage(fields));
    this.#close('endpoint', () => this.#toClient.finish(() => this.#endClient()));
  }

  reset(): void {
    this.#close('endpoint', () => resetConnection(this.#raw, this.#client));
  }

  /** A fault began or ended: what waits on the links may move. */
  faultsChanged(): void {
    this.#toServer.pump();
    this.#toClient.pump();
  }

  #listenToClient(): void {
    const client = this.#client;
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    client.on('drain', () => this.#toClient.drained());
    client.on('error', () => this.#clientGone());
    client.on('end', () => this.#clientGone());
    client.on('close', () => this.#clientGone());
    client.resume();
  }

  #useServer(upstream: Upstream): void {
    const server = upstream.socket;
    this.#server = server;
    this.#serverKey = { processId: upstream.processId, secret: upstream.secret };
    let broken = false;
    server.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    server.on('drain', () => this.#toServer.drained());
    server.on('error', () => {
      broken = true;
    });
    server.on('close', () => this.#serverGone(broken));
    server.resume();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#holding || this.#held.length > 0 || this.#hangsOnParameters) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      this.#advance();
      if (this.#heldBytes > heldBytesMax) this.#client.pause();
      return;
    }
    // Sent first: the server works on it while we keep our books.
    this.#toServer.send(chunk);
    this.traffic.fromClient.walk(chunk);
    if (this.traffic.violation !== undefined) this.#refuseViolation();
  }

  #refuseViolation(): void {
    this.drop('08P01', this.traffic.violation ?? 'protocol violation');
  }

  #fromServer(chunk: Buffer): void {
    if (this.#talk !== undefined) {
      // What began before our talk, a notification cut in two, is the client's to its end.
      const end = this.traffic.fromServer.atBoundary
        ? 0
        : this.traffic.fromServer.walk(chunk, 0, true);
      if (end > 0) this.#toClient.send(chunk.subarray(0, end));
      if (end < chunk.length) this.#talk.take(chunk.subarray(end));
      return;
    }
    this.#toClient.send(chunk);
    this.traffic.fromServer.walk(chunk);
    if (this.#holding || this.#held.length > 0) this.#advance();
  }

  /** Sends on what may be sent, message by message, and parks the session where it may be. */
  #advance(): void {
    while (this.#held.length > 0 && this.#mayForward()) this.#forwardOne();
    if (this.#leaving()) {
      this.#clientGone();
      return;
    }
    if (this.#holding && this.#state === 'running' && this.traffic.idle) {
      this.#state = 'parked';
      this.#tellParked();
    }
  }

  #mayForward(): boolean {
    if (this.#hung || this.#state !== 'running') return false;
    if (!this.#holding) return true;
    return !this.traffic.idle && !this.traffic.awaitingAnswer;
  }

  #forwardOne(): void {
    const chunk = this.#held[0] as Buffer;
    if (this.#hangsOnParameters && this.traffic.fromClient.atBoundary) {
      this.#hung = chunk[0] === frontend.bind || chunk[0] === frontend.parse;
      if (this.#hung) return;
    }
    const end = this.traffic.fromClient.walk(chunk, 0, true);
    if (this.traffic.violation !== undefined) {
      this.#refuseViolation();
      return;
    }
    this.#heldBytes -= end;
    if (end === chunk.length) this.#held.shift();
    else this.#held[0] = chunk.subarray(end);
    this.#toServer.send(chunk.subarray(0, end));
  }

  /** A held client that says Terminate is gone: nobody waits for it. */
  #leaving(): boolean {
    if (!this.#holding || !this.traffic.fromClient.atBoundary) return false;
    return this.#held[0]?.[0] === frontend.terminate && this.traffic.idle;
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
      () => this.#toServer.finish(() => server?.end()),
    );
  }

  #serverGone(broken: boolean): void {
    this.#close('server', () =>
      this.#toClient.finish(() => {
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
      server.on('drain', () => this.#toServer.drained());
      server.resume();
    }
    if (endServer === undefined) {
      this.#toServer.discard();
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
