/**
 * What one session's bytes say: how many answers are outstanding, whether a transaction is open,
 * and what a new server connection would need that the server itself cannot tell (the unnamed
 * prepared statement, names of custom settings). Pure bookkeeping over message headers.
 */
import { backend, cStrings, frontend, message } from '../../wire/postgres/messages.js';
import {
  customNamesInBind,
  customSettingsIn,
  maySetCustom,
  setsByParameter,
} from '../../wire/postgres/settings-scan.js';
import { type MessageSink, Walker } from '../../wire/postgres/walker.js';
import { isCommit } from '../statement-hook.js';
import { Outstanding } from './outstanding.js';

/** SQL text beyond this is not searched for SET statements, and a longer Parse is not kept. */
const statementBytesMax = 64 * 1024;
const customSettingsMax = 200;
/** A name and COMMIT, with room for its words. */
const commitBytesMax = 120;
const commitsMax = 100;

export class Traffic {
  readonly fromClient: Walker;
  readonly fromServer: Walker;
  /** Server settings that were reported to the client, by name. */
  readonly reported: Map<string, string>;
  /** `I` idle, `T` in a transaction, `E` in a failed one, as the last ReadyForQuery said. */
  status: 'I' | 'T' | 'E' = 'I';
  /** The client said that it ends (Terminate). */
  ending = false;
  /** The last Parse of the unnamed statement, whole, while it is still usable. */
  unnamedParse: Buffer | null = null;
  /** Such a Parse was too long to keep. */
  unnamedParseLost = false;
  readonly customSettings = new Set<string>();
  /** Names of prepared statements that are COMMIT. */
  readonly commits = new Set<string>();
  /** More names were seen than are remembered. */
  customSettingsLost = false;

  #outstanding = new Outstanding();
  #readsBinds = false;

  constructor(reported: Map<string, string>) {
    this.reported = reported;
    this.fromClient = new Walker(this.#clientSink());
    this.fromServer = new Walker(this.#serverSink());
  }

  /** Nothing outstanding, no transaction, no unsynced message: the session could be parked. */
  get idle(): boolean {
    return this.quiet && this.status === 'I';
  }

  /** Every request that was sent whole has been answered. */
  get quiet(): boolean {
    return this.#outstanding.none && this.fromClient.atBoundary && this.fromServer.atBoundary;
  }

  /** A request was sent whole and its answer is awaited; the client need not send more. */
  get awaitingAnswer(): boolean {
    return this.#outstanding.awaited && this.fromClient.atBoundary;
  }

  /** A request was sent whole that has no answer yet. */
  get answersDue(): boolean {
    return this.#outstanding.some;
  }

  get violation(): string | undefined {
    return this.fromClient.violation ?? this.fromServer.violation;
  }

  /** A session that starts anew on another server connection has nothing under way. */
  restart(): void {
    this.#outstanding = new Outstanding();
    this.status = 'I';
  }

  #clientSink(): MessageSink {
    return {
      wants: (type, bodyBytes) => {
        if (type === frontend.query || type === frontend.parse)
          return Math.min(bodyBytes, statementBytesMax);
        return type === frontend.bind && this.#readsBinds ? Math.min(bodyBytes, 4096) : 0;
      },
      message: (type, bodyBytes, body) => this.#clientMessage(type, bodyBytes, body),
    };
  }

  #clientMessage(type: number, bodyBytes: number, body: Buffer | null): void {
    switch (type) {
      case frontend.query:
        this.#outstanding.query();
        this.unnamedParse = null;
        this.unnamedParseLost = false;
        this.#scan(body);
        break;
      case frontend.functionCall:
        this.#outstanding.query();
        break;
      case frontend.sync:
        this.#outstanding.sync();
        break;
      case frontend.parse:
        this.#outstanding.extended();
        this.#parse(body, bodyBytes);
        break;
      case frontend.bind:
        this.#outstanding.extended();
        if (this.#readsBinds && body !== null) this.#addCustom(customNamesInBind(body));
        break;
      case frontend.describe:
      case frontend.execute:
      case frontend.close:
        this.#outstanding.extended();
        break;
      case frontend.copyDone:
      case frontend.copyFail:
        this.#outstanding.copyEnd();
        break;
      case frontend.terminate:
        this.ending = true;
        break;
      default:
        break;
    }
  }

  #parse(body: Buffer | null, bodyBytes: number): void {
    if (body === null) return;
    if (body[0] === 0) {
      this.unnamedParseLost = bodyBytes > statementBytesMax;
      // A copy: a slice would keep the whole chunk that it came in alive.
      this.unnamedParse = this.unnamedParseLost ? null : message(frontend.parse, body);
    } else if (bodyBytes <= commitBytesMax) this.#noteCommit(body);
    this.#scan(body);
  }

  /** Drivers keep their COMMIT prepared, long before anybody asks what a name stands for. */
  #noteCommit(body: Buffer): void {
    const [name = '', sql = ''] = cStrings(body);
    if (!isCommit(sql)) this.commits.delete(name);
    else if (this.commits.size < commitsMax) this.commits.add(name);
  }

  #scan(body: Buffer | null): void {
    if (body === null || !maySetCustom(body)) return;
    const sql = body.toString('utf8');
    this.#addCustom(customSettingsIn(sql));
    if (setsByParameter(sql)) this.#readsBinds = true;
  }

  #addCustom(names: readonly string[]): void {
    for (const name of names) {
      if (this.customSettings.size < customSettingsMax) this.customSettings.add(name);
      else if (!this.customSettings.has(name)) this.customSettingsLost = true;
    }
  }

  #serverSink(): MessageSink {
    return {
      wants: (type, bodyBytes) => {
        if (type === backend.readyForQuery) return 1;
        return type === backend.parameterStatus ? bodyBytes : 0;
      },
      message: (type, _bodyBytes, body) => this.#serverMessage(type, body),
    };
  }

  #serverMessage(type: number, body: Buffer | null): void {
    if (type === backend.readyForQuery) {
      this.#outstanding.ready();
      const status = String.fromCharCode(body?.[0] ?? 0x49);
      this.status = status === 'T' || status === 'E' ? status : 'I';
    } else if (type === backend.parameterStatus && body !== null) {
      const [name, value] = cStrings(body);
      if (name !== undefined && value !== undefined) this.reported.set(name, value);
    } else if (type === backend.copyInResponse || type === backend.copyBothResponse) {
      this.#outstanding.copy();
    } else if (type === backend.errorResponse) this.#outstanding.error();
  }
}
