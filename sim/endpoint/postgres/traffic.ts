/**
 * What one session's bytes say: how many answers are outstanding, whether a transaction is open,
 * and what a new server connection would need that the server itself cannot tell (the unnamed
 * prepared statement, names of custom settings). Pure bookkeeping over message headers.
 */
import { Walker } from '../../wire/postgres/walker.js';
import { ClientBooks } from './client-books.js';
import { Outstanding } from './outstanding.js';
import { ServerBooks } from './server-books.js';

export class Traffic {
  readonly fromClient: Walker;
  readonly fromServer: Walker;
  readonly #outstanding = new Outstanding();
  readonly #client = new ClientBooks(this.#outstanding);
  readonly #server: ServerBooks;

  constructor(reported: Map<string, string>) {
    this.#server = new ServerBooks(reported, this.#outstanding);
    this.fromClient = new Walker(this.#client);
    this.fromServer = new Walker(this.#server);
  }

  /** Server settings that were reported to the client, by name. */
  get reported(): Map<string, string> {
    return this.#server.reported;
  }

  /** `I` idle, `T` in a transaction, `E` in a failed one, as the last ReadyForQuery said. */
  get status(): 'I' | 'T' | 'E' {
    return this.#server.status;
  }

  /** The client said that it ends (Terminate). */
  get ending(): boolean {
    return this.#client.ending;
  }

  /** The last Parse of the unnamed statement, whole, while it is still usable. */
  get unnamedParse(): Buffer | null {
    return this.#client.unnamedParse;
  }

  /** Such a Parse was too long to keep. */
  get unnamedParseLost(): boolean {
    return this.#client.unnamedParseLost;
  }

  /** The unnamed statement did not survive. */
  forgetUnnamed(): void {
    this.#client.unnamedParse = null;
  }

  get customSettings(): ReadonlySet<string> {
    return this.#client.customSettings;
  }

  /** More names were seen than are remembered. */
  get customSettingsLost(): boolean {
    return this.#client.customSettingsLost;
  }

  /** Names of prepared statements that are COMMIT. */
  get commits(): Set<string> {
    return this.#client.commits;
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
    this.#outstanding.clear();
    this.#server.status = 'I';
  }
}
