/** A session of a Postgres client. */
import type { Socket } from 'node:net';
import type { ServerAddress } from '../../server/server.js';
import {
  errorMessage,
  frontend,
  noticeMessage,
  parameterStatusMessage,
  terminateMessage,
  type WholeMessage,
} from '../../wire/postgres/messages.js';
import { Session } from '../session.js';
import type { SessionPlace } from '../session-birth.js';
import type { Greeted } from './greet.js';
import { PostgresStatements } from './statements.js';
import { Talk } from './talk.js';
import { Traffic } from './traffic.js';
import type { Upstream } from './upstream.js';

export interface PostgresSessionBirth extends SessionPlace<Session>, Greeted {
  /** Logs in to a server as this session did. */
  readonly connect: (address: ServerAddress) => Promise<Upstream>;
}

export class PostgresSession extends Session {
  readonly cancelKey: Greeted['cancelKey'];
  readonly traffic: Traffic;
  protected override readonly statements: PostgresStatements;
  readonly #connect: PostgresSessionBirth['connect'];
  #serverKey: { processId: number; secret: number } | undefined;
  #reported: ReadonlyMap<string, string>;

  constructor(birth: PostgresSessionBirth) {
    const { parameters } = birth;
    const owner = {
      user: parameters.get('user') ?? '',
      applicationName: parameters.get('application_name') ?? '',
    };
    super({ ...birth, owner });
    this.cancelKey = birth.cancelKey;
    this.#connect = birth.connect;
    this.traffic = new Traffic(birth.upstream.reported);
    this.statements = new PostgresStatements(
      () => this.traffic,
      (bytes) => this.toClient.send(bytes),
    );
    this.#reported = birth.upstream.reported;
    this.#serverKey = keyOf(birth.upstream);
    this.begin(birth.upstream.socket);
  }

  override get serverProcessId(): number | undefined {
    return this.#serverKey?.processId;
  }

  /** What a CancelRequest to the server must carry now. */
  get serverKey(): { processId: number; secret: number } | undefined {
    return this.#serverKey;
  }

  /** What the server reported of itself when the session was last attached to it. */
  get reportedByServer(): ReadonlyMap<string, string> {
    return this.#reported;
  }

  /**
   * Sends messages of ours on the parked session's own server connection.
   * @param readies how many ReadyForQuery the answer ends with
   * @throws Error when the server goes away or does not answer in time
   */
  talk(bytes: Buffer, readies: number, timeoutMs: number): Promise<WholeMessage[]> {
    const talk = new Talk(readies, (passed) => this.toClient.send(passed));
    return this.exchange(bytes, talk, timeoutMs);
  }

  /** Tells the client which reported settings differ from what it was told before. */
  announceChanges(reported: ReadonlyMap<string, string>): void {
    for (const [name, value] of reported) {
      if (this.traffic.reported.get(name) === value) continue;
      this.traffic.reported.set(name, value);
      this.toClient.send(parameterStatusMessage(name, value));
    }
  }

  protected override get parkable(): boolean {
    return this.traffic.idle;
  }

  /** A server that is not read stops to read: what sockets hold is bound enough. */
  protected override get crowded(): boolean {
    return false;
  }

  protected override get awaitsAnswer(): boolean {
    return this.traffic.awaitingAnswer;
  }

  protected override get clientBetween(): boolean {
    return this.traffic.fromClient.atBoundary;
  }

  protected override get serverBetween(): boolean {
    return this.traffic.fromServer.atBoundary;
  }

  protected override get violation(): string | undefined {
    return this.traffic.violation;
  }

  protected override passOn(chunk: Buffer): void {
    // Sent first: the server works on it while we keep our books.
    this.toServer.send(chunk);
    this.traffic.fromClient.walk(chunk);
  }

  protected override passOneOn(chunk: Buffer): number {
    const end = this.traffic.fromClient.walk(chunk, 0, true);
    if (this.traffic.violation === undefined) this.toServer.send(chunk.subarray(0, end));
    return end;
  }

  protected override passBack(chunk: Buffer): void {
    this.toClient.send(chunk);
    this.traffic.fromServer.walk(chunk);
  }

  protected override passOneBack(chunk: Buffer): number {
    const end = this.traffic.fromServer.walk(chunk, 0, true);
    this.toClient.send(chunk.subarray(0, end));
    return end;
  }

  protected override saysGoodbye(chunk: Buffer): boolean {
    return chunk[0] === frontend.terminate;
  }

  protected override get saidGoodbye(): boolean {
    return this.traffic.ending;
  }

  /** The published defect is about parameterised queries. */
  protected override hangsOn(chunk: Buffer): boolean {
    return chunk[0] === frontend.bind || chunk[0] === frontend.parse;
  }

  protected override get lastWords(): Buffer {
    const message = 'terminating connection due to administrator command';
    return errorMessage({ severity: 'FATAL', code: '57P01', message });
  }

  override crash(): void {
    const message = 'terminating connection because of crash of another server process';
    this.endWith(noticeMessage({ severity: 'WARNING', code: '57P02', message }));
  }

  protected override violationNotice(message: string): Buffer {
    return errorMessage({ severity: 'FATAL', code: '08P01', message });
  }

  protected override get goodbye(): Buffer {
    return terminateMessage;
  }

  protected override forgetServer(): void {
    this.#serverKey = undefined;
  }

  protected override async openServer(address: ServerAddress): Promise<Socket> {
    const upstream = await this.#connect(address);
    this.traffic.restart();
    this.#serverKey = keyOf(upstream);
    this.#reported = upstream.reported;
    return upstream.socket;
  }
}

function keyOf({ processId, secret }: Upstream): { processId: number; secret: number } {
  return { processId, secret };
}
