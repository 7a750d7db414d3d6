/**
 * A client's logical session: it can outlive its server connection. While running it passes bytes
 * both ways; on a hold it stops at its next idle point and is parked; parked it can be examined
 * on its own server connection, detached from it, and attached to another. What the bytes mean is
 * for the protocol's own kind of session to say.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { ServerAddress } from '../server/server.js';
import { type ClientEnding, Connections } from './connections.js';
import type { FaultableSession } from './faults/fault.js';
import { HeldBytes } from './held-bytes.js';
import type { Link } from './link.js';
import type {
  ServerTalk,
  SessionBirth,
  SessionEnd,
  SessionOwner,
  SessionState,
} from './session-birth.js';
import { StatementGate, type Statements } from './statement-gate.js';

/** What a client may send into a hold before it is not read any more. */
const heldBytesMax = 256 * 1024;

export abstract class Session implements FaultableSession {
  readonly id: string;
  readonly listener: string;
  readonly owner: SessionOwner;
  readonly openedNs: number;
  protected readonly toServer: Link;
  protected readonly toClient: Link;
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #onClosed: (session: Session) => void;
  #state: SessionState = 'running';
  #holding = false;
  readonly #held = new HeldBytes(heldBytesMax);
  #talk: ServerTalk | undefined;
  readonly #onParked: (() => void)[] = [];
  #endedBy: SessionEnd | null = null;
  readonly #gate: StatementGate;
  #hangs = false;
  #hung = false;
  /** What comes is looked at message by message: somebody rules on it. */
  #careful: boolean;
  /** Somebody else talks with the client: nothing of it is passed on. */
  #lent = false;
  /** The client has sent its last byte. */
  #clientEnding = false;
  #serverEnding = false;

  protected constructor(birth: SessionBirth<Session>) {
    this.id = birth.id;
    this.listener = birth.listener;
    this.owner = birth.owner;
    this.openedNs = birth.clock.nowNs();
    this.#clock = birth.clock;
    this.#onClosed = birth.onClosed;
    this.#gate = new StatementGate(birth.hooks, this);
    this.#careful = !this.#gate.isOpen;
    this.#connections = new Connections(birth, birth.client, birth.raw, {
      fromClient: this.#fromClient,
      fromServer: this.#fromServer,
      clientEnded: () => this.#clientEnded(),
      clientGone: () => this.#clientGone(),
      serverGone: (broken) => this.#serverGone(broken),
      clientWanted: () => !this.#held.full,
      cut: () => this.#cut(),
    });
    ({ toServer: this.toServer, toClient: this.toClient } = this.#connections);
  }

  /** Nothing is under way that keeps it from being parked. */
  protected abstract get parkable(): boolean;
  /** So many requests await their answers that no more should be read. */
  protected abstract get crowded(): boolean;
  /** A request was sent whole and its answer is due; the client need not send more. */
  protected abstract get awaitsAnswer(): boolean;
  /** The last message was sent whole, by the client or by the server. */
  protected abstract get clientBetween(): boolean;
  protected abstract get serverBetween(): boolean;
  /** What somebody sent that no protocol allows, in a sentence. */
  protected abstract get violation(): string | undefined;
  /**
   * Passes on what the client sent (or back what the server sent) and keeps the books; with `One`
   * only up to the end of the message under way, and returns where that is.
   */
  protected abstract passOn(chunk: Buffer): void;
  protected abstract passOneOn(chunk: Buffer): number;
  protected abstract passBack(chunk: Buffer): void;
  protected abstract passOneBack(chunk: Buffer): number;
  /** Whether the message that begins here says that the client leaves, or one before it did. */
  protected abstract saysGoodbye(chunk: Buffer): boolean;
  protected abstract get saidGoodbye(): boolean;
  /** Whether the message that begins here is one that the published defect never answers. */
  protected abstract hangsOn(chunk: Buffer): boolean;
  protected abstract readonly statements: Statements;
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
    this.#connections.readClient();
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
    this.takeServer(server);
  }

  /** From now on the first request of the kind that `hangsOn` names is never answered. */
  hangOnce(): void {
    this.#hangs = true;
    this.#careful = true;
  }

  /** Somebody begins or ends to rule on statements. */
  hooksChanged(): void {
    this.#careful = this.#hangs || !this.#gate.isOpen;
    this.#advance();
  }

  /** Ends the session as a server that is going down would. */
  drop(): void {
    this.endWith(this.lastWords);
  }

  /** Ends the session as a server that crashes does, which says less. */
  abstract crash(): void;

  /** Its server is out of reach: nobody answers it and nobody ends it, until it is reset. */
  strand(): void {
    this.letServerGo(Buffer.alloc(0));
  }

  reset(): void {
    this.#close('endpoint', 'broken');
  }

  /** It is closed, but bytes of it wait on a link until a fault lets them through. */
  get draining(): boolean {
    return this.#state === 'closed' && this.#connections.waits;
  }

  /** What still waits is given up. */
  abandon(): void {
    this.reset();
    this.#connections.abandon();
  }

  #cut(): void {
    if (this.#state === 'closed') this.#connections.break();
    else this.reset();
  }

  /** A fault began or ended: what waits on the links may move. */
  faultsChanged(): void {
    this.toServer.pump();
    this.toClient.pump();
  }

  /**
   * Sends bytes of ours on the session's own server connection, whose answer `talk` takes: while
   * it is parked, or while its client is lent.
   * @throws Error when the server goes away or does not answer in time
   */
  protected async exchange<T>(
    bytes: Buffer,
    talk: ServerTalk & { readonly answered: Promise<T> },
    timeoutMs: number,
  ): Promise<T> {
    const { server } = this.#connections;
    const free = this.#state === 'parked' || (this.#lent && this.#state === 'running');
    if (!free || server === undefined || this.#talk !== undefined)
      throw new Error(`session ${this.id} is ${this.#state}: it cannot be talked to`);
    this.#talk = talk;
    const limit = this.#clock.timer(timeoutMs, () =>
      talk.giveUp(`no answer within ${timeoutMs} ms`),
    );
    // A client that reads nothing may have it paused; what comes now is not the client's.
    server.resume();
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
    this.#connections.listen();
    this.takeServer(server);
  }

  protected takeServer(server: Socket): void {
    this.#connections.takeServer(server);
  }

  protected letServerGo(lastMessage: Buffer): void {
    this.forgetServer();
    this.#connections.letServerGo(lastMessage);
  }

  /**
   * Lends the client's connection for a talk in the middle of the session.
   * @param work gives back what the client sent behind the talk
   */
  protected async lendClient(work: (client: Socket) => Promise<Buffer>): Promise<void> {
    this.#lent = true;
    const unread = await this.#connections.lendClient(work);
    this.#lent = false;
    if (this.#state === 'closed') return;
    if (unread.length > 0) this.#fromClient(unread);
    this.#connections.readClient();
    this.#advance();
  }

  readonly #fromClient = (chunk: Buffer): void => {
    if (this.#state === 'closed') return;
    const waits = this.#holding || !this.#held.empty;
    if (waits || (this.#careful && (this.#hangs || this.#gate.mayMatter(chunk)))) {
      this.#held.push(chunk);
      this.#advance();
      if (this.#held.full) this.#connections.pauseClient();
      return;
    }
    this.passOn(chunk);
    this.#connections.pace(this.crowded);
    if (this.violation !== undefined) this.#refuseViolation();
  };

  #refuseViolation(): void {
    this.endWith(this.violationNotice(this.violation ?? 'protocol violation'));
  }

  /** Ends the session for a reason that its client is told. */
  protected endWith(notice: Buffer): void {
    if (this.#state === 'closed') return;
    if (notice.length > 0) this.toClient.send(notice);
    this.#close('endpoint', 'told');
  }

  readonly #fromServer = (chunk: Buffer): void => {
    if (this.#talk !== undefined) {
      // What began before our talk, a notification cut in two, is the client's to its end.
      const end = this.serverBetween ? 0 : this.passOneBack(chunk);
      if (end < chunk.length) this.#talk.take(chunk.subarray(end));
      return;
    }
    this.passBack(chunk);
    this.#connections.pace(this.crowded);
    if (this.#holding || !this.#held.empty) this.#advance();
  };

  /** Sends on what may be sent, message by message, and parks the session where it may be. */
  #advance(): void {
    while (!this.#held.empty && this.#mayForward() && this.#forwardOne());
    if (this.#leaving()) {
      this.#clientGone();
      return;
    }
    if (this.#clientEnding && this.#held.empty) this.#endServer();
    if (this.#holding && !this.#lent && this.#state === 'running' && this.parkable) {
      this.#state = 'parked';
      this.#tellParked();
    }
  }

  /** The client sends nothing more, but what it has sent still has its effect and its answer. */
  #clientEnded(): void {
    this.#clientEnding = true;
    const waits = !this.#held.empty && !this.#hung;
    if (this.#lent || (!waits && this.#state !== 'running')) this.#clientGone();
    else if (!waits) this.#endServer();
  }

  #endServer(): void {
    if (this.#serverEnding || this.#state !== 'running') return;
    this.#serverEnding = true;
    this.#connections.endServer();
  }

  #mayForward(): boolean {
    if (this.#hung || this.#lent || this.crowded || this.#state !== 'running') return false;
    if (!this.#holding) return true;
    return !this.parkable && !this.awaitsAnswer;
  }

  /** @returns whether what follows may be sent now, too */
  #forwardOne(): boolean {
    const chunk = this.#held.first as Buffer;
    if (this.#careful && this.clientBetween) {
      this.#hung = this.#hangs && this.hangsOn(chunk);
      if (this.#hung) return false;
      const ruled = this.#gate.next(this.#held, this.statements, this.#clientEnding);
      if (ruled === 'wait') return false;
      if (ruled !== 'pass') {
        this.#hung = ruled.ruling === 'never-answered';
        if (ruled.ruling === 'cut') this.reset();
        if (ruled.ruling === 'cut-answer')
          this.#talk = { take: () => this.reset(), giveUp: () => {} };
        this.#gate.obey(this.#held, this.statements, (bytes) => this.passOneOn(bytes));
        return true;
      }
    }
    const end = this.passOneOn(this.#held.first as Buffer);
    if (this.violation !== undefined) {
      this.#refuseViolation();
      return false;
    }
    this.#held.take(end);
    return true;
  }

  /** A held client that says that it leaves is gone: nobody waits for it. */
  #leaving(): boolean {
    const next = this.#held.first;
    if (this.#lent || !this.#holding || next === undefined || !this.clientBetween) return false;
    return this.parkable && this.saysGoodbye(next);
  }

  #tellParked(): void {
    for (const resolve of this.#onParked.splice(0)) resolve();
  }

  /** What the client sent before it left still belongs to the server. */
  #clientGone(): void {
    this.#close('client', 'at-once', true);
  }

  #serverGone(broken: boolean): void {
    const left = this.#clientEnding || this.saidGoodbye;
    this.#close(left ? 'client' : 'server', broken ? 'broken-when-sent' : 'told');
  }

  #close(by: SessionEnd, ending: ClientEnding, delivers = false): void {
    if (this.#state === 'closed') return;
    this.#endedBy = by;
    this.#state = 'closed';
    this.#talk?.giveUp('the session was closed');
    this.#held.clear();
    this.#connections.close(ending, delivers);
    this.#tellParked();
    this.#onClosed(this);
  }
}
