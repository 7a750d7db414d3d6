/**
 * What differs between the engines that run as child processes. Guard, registry, log, places and
 * the states of a server are common to all; an engine says what to run and how to understand it.
 */
import type { Clock } from '../../clock.js';
import type { Need } from '../../database/needs.js';
import type { AdminLogin, EngineName, EngineOffer, ServerSpec } from '../server.js';
import type { Account } from './account.js';
import type { Places } from './places.js';
import type { ServerProcess } from './server-process.js';

/** What every engine works with. */
export interface EngineContext {
  readonly clock: Clock;
  readonly places: Places;
  readonly account: Account | undefined;
  /** Told, in one sentence, what a person should know before it happens. */
  readonly announce: (text: string) => void;
}

/** One engine: which of its versions are here, and what a new server of it is made of. */
export interface EmbeddedEngine {
  readonly name: EngineName;
  /** The versions that are here. Empty where the engine cannot run on this machine. */
  offers(): Promise<readonly EngineOffer[]>;
  /**
   * Makes sure that a version can be run.
   * @throws UserError `ENGINE_NOT_FOUND` and, of Postgres, what obtaining binaries throws
   */
  prepare(version: string): Promise<void>;
  /**
   * The recipe of a new server whose files will be below `folder`.
   * @param filled a template folder to begin with in place of the engine's own
   * @throws UserError as `prepare`, and `PARAMETER_INVALID`, `ENGINE_INIT_FAILED`
   */
  recipe(spec: ServerSpec, id: string, folder: string, filled?: string): Promise<ServerRecipe>;
  /** See `ServerProvider.lacking`. */
  lacking(version: string, needs: readonly Need[]): Promise<readonly Need[]>;
}

/** How one server is made, started, understood and stopped. */
export interface ServerRecipe {
  /** As asked for, the version as the engine writes it. */
  readonly spec: ServerSpec;
  /** Settled by the first start. */
  readonly admin: AdminLogin;
  /** The data directory to copy. */
  readonly template: string;
  /** What a template made of this server's data has besides them: names and texts of files. */
  readonly kept: Readonly<Record<string, string>>;
  /** Names of files of its data that must not be the same in two servers. */
  readonly ownFiles: readonly string[];
  /** The file in its data that lets it follow another server; null where there is no such file. */
  readonly standbyFile: string | null;
  /** Names and texts of the files beside the data directory; nobody else may read them. */
  readonly files: Readonly<Record<string, string>>;
  /** Names of the folders beside the data directory. */
  readonly folders: readonly string[];
  readonly signals: { readonly fast: NodeJS.Signals; readonly immediate: NodeJS.Signals };
  /** With what the guard ends it: its data are removed next. */
  readonly lastSignal: 'QUIT' | 'KILL';
  readonly startTimeoutMs: number;

  /**
   * Refuses binaries that the data can surely not be started with.
   * @throws UserError `VERSION_NOT_MINOR_UPGRADE`
   */
  requireStep(from: string, to: string): void;
  /**
   * How to start the server from the binaries of a version, once its port is known.
   * @param parameters take the place of the spec's
   * @throws UserError `PARAMETER_INVALID`
   */
  command(
    version: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<(port: number) => readonly string[]>;
  /** Whether a query is answered by now. Asked again and again while the server starts. */
  isAccepting(process: ServerProcess, port: number): Promise<boolean>;
  /** What remains to be done of a start before anybody may use the server. */
  settle(port: number, isStandby: boolean): Promise<void>;
  /** Whether the log of a start tells that another program has the port. */
  portTaken(log: string): boolean;
  /** The lines of a failed start's log that say why. */
  tellingLines(log: string): string;
  /** Lets a part of it crash so that it recovers by itself; false where it has no such parts. */
  crashInPart(process: ServerProcess): boolean;
  /** Frees what a killed server leaves outside its folder. */
  freeTraces(): Promise<void>;
}
