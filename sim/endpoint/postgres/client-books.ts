/**
 * What a client's messages say: how many answers it waits for, and what a new server connection
 * would need that the server itself cannot tell. Pure.
 */
import { cStrings, frontend, message } from '../../wire/postgres/messages.js';
import {
  customNamesInBind,
  customSettingsIn,
  maySetCustom,
  setsByParameter,
} from '../../wire/postgres/settings-scan.js';
import type { MessageSink } from '../../wire/postgres/walker.js';
import { isCommit } from '../statement-hook.js';
import type { Outstanding } from './outstanding.js';

/** SQL text beyond this is not searched for SET statements, and a longer Parse is not kept. */
const statementBytesMax = 64 * 1024;
const bindBytesMax = 4096;
const customSettingsMax = 200;
/** A name and COMMIT, with room for its words. */
const commitBytesMax = 120;
const commitsMax = 100;

export class ClientBooks implements MessageSink {
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
  readonly #outstanding: Outstanding;
  #readsBinds = false;

  constructor(outstanding: Outstanding) {
    this.#outstanding = outstanding;
  }

  wants(type: number, bodyBytes: number): number {
    if (type === frontend.query || type === frontend.parse)
      return Math.min(bodyBytes, statementBytesMax);
    return type === frontend.bind && this.#readsBinds ? Math.min(bodyBytes, bindBytesMax) : 0;
  }

  message(type: number, bodyBytes: number, bytes: Buffer, from: number, to: number): void {
    switch (type) {
      case frontend.query:
        this.#outstanding.query();
        this.unnamedParse = null;
        this.unnamedParseLost = false;
        this.#scan(bytes, from, to);
        break;
      case frontend.functionCall:
        this.#outstanding.query();
        break;
      case frontend.sync:
        this.#outstanding.sync();
        break;
      case frontend.parse:
        this.#outstanding.extended();
        if (from < to) this.#parse(bytes.subarray(from, to), bodyBytes);
        break;
      case frontend.bind:
        this.#outstanding.extended();
        if (from < to) this.#addCustom(customNamesInBind(bytes.subarray(from, to)));
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

  #parse(body: Buffer, bodyBytes: number): void {
    if (body[0] === 0) {
      this.unnamedParseLost = bodyBytes > statementBytesMax;
      // A copy: a slice would keep the whole chunk that it came in alive.
      this.unnamedParse = this.unnamedParseLost ? null : message(frontend.parse, body);
    } else if (bodyBytes <= commitBytesMax) this.#noteCommit(body);
    this.#scan(body, 0, body.length);
  }

  /** Drivers keep their COMMIT prepared, long before anybody asks what a name stands for. */
  #noteCommit(body: Buffer): void {
    const [name = '', sql = ''] = cStrings(body);
    if (!isCommit(sql)) this.commits.delete(name);
    else if (this.commits.size < commitsMax) this.commits.add(name);
  }

  #scan(bytes: Buffer, from: number, to: number): void {
    if (!maySetCustom(bytes, from, to)) return;
    const sql = bytes.toString('utf8', from, to);
    this.#addCustom(customSettingsIn(sql));
    if (setsByParameter(sql)) this.#readsBinds = true;
  }

  #addCustom(names: readonly string[]): void {
    for (const name of names) {
      if (this.customSettings.size < customSettingsMax) this.customSettings.add(name);
      else if (!this.customSettings.has(name)) this.customSettingsLost = true;
    }
  }
}
