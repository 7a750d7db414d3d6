/** A session of a MySQL client, on MySQL or MariaDB. */
import type { Socket } from 'node:net';
import type { TextRow } from '../../engine/ask.js';
import type { TemporaryTableTraces } from '../../engine/mysql/temporary-tables.js';
import type { ServerAddress } from '../../server/server.js';
import { carriesStatementId, command } from '../../wire/mysql/commands.js';
import { setStatementId, statementId, statementIdHeadBytes } from '../../wire/mysql/execute.js';
import { comQuery, errPacket, quitPacket, type ServerError } from '../../wire/mysql/messages.js';
import { Session } from '../session.js';
import type { SessionPlace } from '../session-birth.js';
import {
  type ChangedUser,
  type ChangeUserOptions,
  type NewUser,
  newUserPayloadBytesMax,
} from './change-user.js';
import type { Greeted } from './greet.js';
import { killBytesMax, mappedKill, mayBeKill } from './kill.js';
import { ServerPayloads } from './server-payloads.js';
import { StatementIds } from './statement-ids.js';
import { MysqlStatements, type StatementBooks } from './statements.js';
import { Talk } from './talk.js';
import { type Passage, Traffic } from './traffic.js';
import {
  authenticated,
  changeUserPacket,
  deprecatesEof,
  isSecure,
  type Upstream,
} from './upstream.js';
import { type Fate, pass, WatchedPath } from './watched-path.js';

/** What a session needs of the protocol's one object. */
export interface SessionHost {
  /** The server's connection id for one that a client may know. */
  serverConnectionId(id: number): number;
  reconnect(address: ServerAddress, session: Greeted): Promise<Upstream>;
  /** Talks with a client that wants to be somebody else. Never rejects. */
  changeUser(options: Omit<ChangeUserOptions, 'sessions' | 'clock'>): Promise<ChangedUser>;
}

export interface MysqlSessionBirth extends SessionPlace<Session>, Greeted {
  readonly host: SessionHost;
}

const pipelined = 'COM_CHANGE_USER in one breath with other commands';
const serverMsMax = 10_000;
/** Commands without an answer; one read of a client's bytes may hold some more. */
const outstandingMax = 1_000;

type Agreement = Pick<Upstream, 'ok' | 'nonce'>;

export class MysqlSession extends Session implements Passage {
  readonly #host: SessionHost;
  #greeted: Greeted;
  #upstream: Upstream | undefined;
  #traffic: Traffic;
  #out: WatchedPath;
  #back: WatchedPath;
  readonly #ids = new StatementIds();
  protected override readonly statements = new MysqlStatements(
    () => this.#statementBooks,
    (bytes) => this.toClient.send(bytes),
  );
  /** Told at the next statement: what happened to the transaction that it would belong to. */
  #abort: ServerError | undefined;
  #changing = false;
  #leaves = false;
  /** What passes now is looked at before it is sent. */
  #looked = false;
  #violation: string | undefined;
  /** The published defect: a later server's statements are executed by ids of an earlier one. */
  reusesStatementIds = false;

  constructor(birth: MysqlSessionBirth) {
    const { login } = birth;
    super({
      ...birth,
      owner: { user: login.user, applicationName: login.attributes.get('program_name') ?? '' },
    });
    this.#host = birth.host;
    this.#greeted = birth;
    this.#upstream = birth.upstream;
    [this.#traffic, this.#out, this.#back] = this.#books(birth.upstream);
    this.begin(birth.upstream.socket);
  }

  override get serverProcessId(): number | undefined {
    return this.#upstream?.connectionId;
  }

  /** A transaction is open, as the server said last. */
  get inTransaction(): boolean {
    return this.#traffic.answers.inTransaction;
  }

  /** What its statements told of temporary tables. */
  get temporaryTables(): TemporaryTableTraces {
    return this.#traffic.temporaryTables;
  }

  /**
   * Asks on the parked session's own server connection.
   * @throws EngineError with the server's words; Error when it goes away or does not answer in time
   */
  async ask(sql: string, timeoutMs: number): Promise<readonly TextRow[]> {
    const upstream = this.#upstream;
    if (upstream === undefined) throw new Error(`session ${this.id} has no server`);
    const talk = new Talk(deprecatesEof(upstream.capabilities));
    return await this.exchange(comQuery(sql), talk, timeoutMs);
  }

  /** The client's next statement fails with this: its transaction is gone, the session is not. */
  abortTransaction(error: ServerError): void {
    this.#abort = error;
  }

  wantsRequest(commandByte: number, payloadBytes: number): number {
    if (commandByte === command.changeUser) return Math.min(payloadBytes, newUserPayloadBytesMax);
    if (commandByte === command.query) {
      return this.#looked && payloadBytes <= killBytesMax ? payloadBytes : 0;
    }
    const numbered = carriesStatementId(commandByte) || commandByte === command.processKill;
    return numbered ? Math.min(payloadBytes, statementIdHeadBytes) : 0;
  }

  request(commandByte: number, head: Buffer | null): boolean {
    if (this.#changing) this.#violation = pipelined;
    if (commandByte === command.quit) this.#leaves = true;
    const fate = this.#fateOf(commandByte, head);
    this.#out.decide(fate);
    return fate.kind === 'pass';
  }

  answer(role: string, head: Buffer | null): void {
    if (role !== 'prepared' || head === null) return;
    const id = statementId(head);
    if (id === undefined) return;
    const given = this.#ids.given(id);
    setStatementId(head, given);
    this.statements.prepared(given);
  }

  get #statementBooks(): StatementBooks {
    const { answers } = this.#traffic;
    return {
      outstanding: answers.outstanding,
      clientData: answers.wantsClientData,
      inTransaction: answers.inTransaction,
      deprecateEof: this.#upstream !== undefined && deprecatesEof(this.#upstream.capabilities),
    };
  }

  #fateOf(commandByte: number, head: Buffer | null): Fate {
    if (commandByte === command.changeUser) return this.#fateOfChange(head);
    if (commandByte === command.resetConnection) this.#abort = undefined;
    if (this.#abort !== undefined && this.#isStatement(commandByte)) {
      const error = this.#abort;
      this.#abort = undefined;
      const rollsBack = /^.\s*rollback\s*(?:work\s*)?;?\s*$/is.test(head?.toString('latin1') ?? '');
      return rollsBack ? pass : this.#fail(error);
    }
    if (head === null) return pass;
    if (carriesStatementId(commandByte)) return this.#fateOfStatement(commandByte, head);
    if (commandByte === command.processKill && head.length >= 5)
      head.writeUInt32LE(this.#host.serverConnectionId(head.readUInt32LE(1)) >>> 0, 1);
    return commandByte === command.query ? this.#fateOfKill(head) : pass;
  }

  /** Answers to several commands at once go in order: between them we cannot speak. */
  #isStatement(commandByte: number): boolean {
    if (this.#traffic.answers.outstanding > 0) return false;
    return statements.includes(commandByte);
  }

  #fateOfStatement(commandByte: number, head: Buffer): Fate {
    const id = statementId(head);
    if (id === undefined || !this.#ids.differ) return pass;
    const known = this.#ids.toServer(id);
    if (known !== undefined) {
      setStatementId(head, known);
      return pass;
    }
    if (commandByte === command.stmtClose || commandByte === command.stmtSendLongData)
      return { kind: 'take', onWhole: () => {} };
    if (this.#traffic.answers.outstanding > 0) {
      setStatementId(head, noStatementId);
      return pass;
    }
    return this.#fail(unknownStatement(commandByte, id));
  }

  #fateOfKill(head: Buffer): Fate {
    const sql = mappedKill(head.toString('latin1', 1), (id) => this.#host.serverConnectionId(id));
    if (sql === undefined) return pass;
    const onWhole = (): void => {
      this.#traffic.answers.begin('rows');
      this.toServer.send(comQuery(sql));
    };
    return { kind: 'take', onWhole };
  }

  #fateOfChange(head: Buffer | null): Fate {
    if (this.#traffic.answers.outstanding > 0 || head === null) {
      this.#violation = pipelined;
      return pass;
    }
    const payload = Buffer.from(head);
    return { kind: 'take', onWhole: () => void this.#changeUser(payload) };
  }

  #fail(error: ServerError): Fate {
    const onWhole = (): void => {
      this.toClient.send(errPacket(this.#traffic.nextSequence, error));
    };
    return { kind: 'take', onWhole };
  }

  async #changeUser(payload: Buffer): Promise<void> {
    this.#changing = true;
    const sequence = this.#traffic.fromClient.sequence;
    await this.lendClient(async (client) => {
      const session = this.#greeted;
      const onServer = (newUser: NewUser): Promise<Agreement> => this.#changeOnServer(newUser);
      const end = await this.#host.changeUser({ client, payload, sequence, session, onServer });
      this.#changing = false;
      if ('refusal' in end) this.endWith(errPacket(end.sequence, end.refusal));
      else if ('broken' in end) this.reset();
      else {
        this.#greeted = end.session;
        this.#abort = undefined;
        if (this.#upstream !== undefined) this.#attach(end.session.upstream);
      }
      return end.unread;
    });
  }

  /** All that the session held is gone then, but not its server connection and its id. */
  async #changeOnServer({ login, charset, credentials }: NewUser): Promise<Agreement> {
    const upstream = this.#upstream;
    if (upstream === undefined) throw new Error(`session ${this.id} has no server`);
    const { socket, nonce } = upstream;
    const talk = new ServerPayloads(
      (bytes) => socket.write(bytes),
      (payloads) => authenticated(payloads, nonce, credentials, isSecure(socket)),
    );
    const command = changeUserPacket(upstream, login, charset, credentials);
    return await this.exchange(command, talk, serverMsMax);
  }

  #books(upstream: Upstream): [Traffic, WatchedPath, WatchedPath] {
    const options = {
      deprecateEof: deprecatesEof(upstream.capabilities),
    };
    const traffic = new Traffic(options, this);
    return [
      traffic,
      new WatchedPath(traffic.fromClient, (bytes) => this.toServer.send(bytes)),
      new WatchedPath(traffic.fromServer, (bytes) => this.toClient.send(bytes)),
    ];
  }

  #attach(upstream: Upstream): void {
    this.#upstream = upstream;
    [this.#traffic, this.#out, this.#back] = this.#books(upstream);
  }

  protected override get parkable(): boolean {
    return this.#traffic.quiet && this.#out.atBoundary;
  }

  protected override get awaitsAnswer(): boolean {
    return this.#traffic.awaitingAnswer;
  }

  protected override get crowded(): boolean {
    return this.#traffic.answers.outstanding > outstandingMax;
  }

  protected override get clientBetween(): boolean {
    return this.#out.atBoundary;
  }

  protected override get serverBetween(): boolean {
    return this.#back.atBoundary;
  }

  protected override get violation(): string | undefined {
    return this.#violation ?? this.#traffic.violation;
  }

  protected override passOn(chunk: Buffer): void {
    this.#out.pass(chunk, this.#looksOut);
  }

  readonly #looksOut = (bytes: Buffer): boolean => {
    this.#looked = this.#mustLook(bytes);
    return this.#looked;
  };

  #mustLook(bytes: Buffer): boolean {
    if (this.#ids.differ || this.#abort !== undefined || bytes.length < 6) return true;
    const [commandByte, next] = [bytes[4], bytes[5]];
    if (commandByte === command.query && mayBeKill(next ?? 0)) return true;
    if (commandByte === command.changeUser || commandByte === command.processKill) return true;
    // What follows in the same breath may have to be looked at.
    return bytes.readUIntLE(0, 3) + 4 < bytes.length;
  }

  protected override passOneOn(chunk: Buffer): number {
    this.#looked = true;
    return this.#out.push(chunk, true);
  }

  protected override passBack(chunk: Buffer): void {
    this.#back.pass(chunk, this.#looksBack);
  }

  readonly #looksBack = (): boolean => this.#ids.differ;

  protected override passOneBack(chunk: Buffer): number {
    return this.#back.push(chunk, true);
  }

  protected override saysGoodbye(chunk: Buffer): boolean {
    return chunk[4] === command.quit && chunk[0] === 1;
  }

  protected override get saidGoodbye(): boolean {
    return this.#leaves;
  }

  /** The published defect: a client waits for ever for a query on a preserved connection. */
  protected override hangsOn(chunk: Buffer): boolean {
    return chunk[4] === command.query || chunk[4] === command.stmtExecute;
  }

  /** A server that goes down tells those who wait for an answer; the others see it close. */
  protected override get lastWords(): Buffer {
    if (this.#traffic.answers.outstanding === 0 || !this.serverBetween) return Buffer.alloc(0);
    return errPacket(this.#traffic.nextSequence, shutdown);
  }

  /** It says nothing at all. */
  override crash(): void {
    this.endWith(Buffer.alloc(0));
  }

  protected override violationNotice(text: string): Buffer {
    return errPacket(this.#traffic.nextSequence, { number: 1835, sqlState: 'HY000', text });
  }

  protected override get goodbye(): Buffer {
    return quitPacket;
  }

  protected override forgetServer(): void {
    this.#upstream = undefined;
  }

  protected override async openServer(address: ServerAddress): Promise<Socket> {
    const upstream = await this.#host.reconnect(address, this.#greeted);
    if (!this.reusesStatementIds) this.#ids.forgetAll();
    this.#attach(upstream);
    return upstream.socket;
  }
}

/** Commands that run SQL. */
const statements: readonly number[] = [command.query, command.stmtExecute, command.stmtBulkExecute];

const shutdown: ServerError = {
  number: 1053,
  sqlState: '08S01',
  text: 'Server shutdown in progress',
};

/** No server has that many statements in one session. */
const noStatementId = 0x7fffffff;

const stageNames = new Map<number, string>([
  [command.stmtExecute, 'mysqld_stmt_execute'],
  [command.stmtBulkExecute, 'mysqld_stmt_execute'],
  [command.stmtReset, 'mysqld_stmt_reset'],
  [command.stmtFetch, 'mysqld_stmt_fetch'],
]);

function unknownStatement(commandByte: number, id: number): ServerError {
  return {
    number: 1243,
    sqlState: 'HY000',
    text: `Unknown prepared statement handler (${id}) given to ${stageNames.get(commandByte)}`,
  };
}
