/**
 * Ids of prepared statements as the client knows them. Each server numbers a session's statements
 * from 1 on; a session that outlives its server would see old ids come back with another meaning,
 * so ids given by a later server are moved behind all that the client was ever given. Pure.
 */
import { lastPreparedId } from '../../wire/mysql/commands.js';

export class StatementIds {
  /** Ids up to this one belong to servers that are gone. */
  #gone = 0;
  #givenMax = 0;

  /** The client's ids are not the server's own any more. */
  get differ(): boolean {
    return this.#gone > 0;
  }

  /** The server gave a statement this id. @returns the id that the client is to know it by */
  given(serverId: number): number {
    const id = serverId + this.#gone;
    this.#givenMax = Math.max(this.#givenMax, id);
    return id;
  }

  /** @returns the server's id for one of the client's; undefined where its statement is gone */
  toServer(clientId: number): number | undefined {
    if (clientId === lastPreparedId) return clientId;
    return clientId > this.#gone ? clientId - this.#gone : undefined;
  }

  /** The session has another server connection: all statements so far are gone. */
  forgetAll(): void {
    this.#gone = this.#givenMax;
  }
}
