/**
 * Snapshots of one server: its data, copied while it stands still. They lie in its own folder, so
 * that whatever removes that removes them. Such a folder is laid out as a template is.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../user-error.js';
import type { Server, ServerSnapshot } from '../server.js';
import { snapshotFailed } from '../snapshot-failed.js';
import type { EngineContext, ServerRecipe } from './engine.js';
import { removeFolder } from './remove-folder.js';
import { copyTemplate } from './template-folder.js';

/** While it lasts nobody is answered. */
const copyTimeoutMs = 600_000;

export class Snapshots {
  readonly #context: EngineContext;
  readonly #recipe: ServerRecipe;
  readonly #folder: string;
  #taken = 0;
  /** The process that copies now. */
  #copying: number | undefined;
  #closed = false;

  /** @param folder the server's */
  constructor(context: EngineContext, recipe: ServerRecipe, folder: string) {
    this.#context = context;
    this.#recipe = recipe;
    this.#folder = folder;
  }

  /** @throws UserError `SNAPSHOT_FAILED` */
  async take(server: Server): Promise<ServerSnapshot> {
    const { clock, account } = this.#context;
    const { spec, admin } = server;
    this.#taken += 1;
    const place = join(this.#folder, `snapshot-${this.#taken}`);
    const remove = (): Promise<void> => removeFolder(clock, place, account);
    try {
      this.#makeFolder(place);
      const frozen = await this.#copy(server, join(place, 'data'));
      for (const name of this.#recipe.ownFiles)
        await removeFolder(clock, join(place, 'data', name), account);
      return { spec: { ...spec, version: server.version }, admin, place, frozen, remove };
    } catch (error) {
      await remove();
      if (!(error instanceof Error)) throw error;
      throw snapshotFailed(spec.name, error instanceof UserError ? said(error) : error.message);
    }
  }

  /** Ends a copy under way. */
  close(): void {
    this.#closed = true;
    if (this.#copying === undefined) return;
    try {
      process.kill(-this.#copying, 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  }

  /** Whatever is answered before the one instant is in the copy. */
  async #copy(server: Server, target: string): Promise<ServerSnapshot['frozen']> {
    const { clock } = this.#context;
    const fromNs = clock.nowNs();
    await server.freeze();
    try {
      const data = join(this.#folder, 'data');
      await copyTemplate(
        this.#context,
        server.spec.engine,
        data,
        target,
        copyTimeoutMs,
        (copying) => {
          this.#copying = copying;
          if (this.#closed) this.close();
        },
      );
    } finally {
      this.#copying = undefined;
      // One that was killed meanwhile has nothing to be thawed.
      if (server.state === 'frozen') await server.thaw();
    }
    return { fromNs, toNs: clock.nowNs() };
  }

  /** With what a server that begins with these data has to know of them. */
  #makeFolder(place: string): void {
    const { account } = this.#context;
    mkdirSync(place, { mode: 0o700 });
    chmodSync(place, 0o700);
    const files = Object.entries(this.#recipe.kept).map(([name, text]) => {
      writeFileSync(join(place, name), text, { mode: 0o600, flag: 'wx' });
      return join(place, name);
    });
    if (account === undefined) return;
    for (const path of [...files, place]) chownSync(path, account.uid, account.gid);
  }
}

/** Its sentence without the full stop. */
function said({ what }: UserError): string {
  return what.replace(/\.$/, '');
}
