/** A client or a session is turned away with an error in the server's manner. */
import type { ServerError } from '../../wire/mysql/messages.js';

export class Refusal extends Error {
  constructor(readonly error: ServerError) {
    super(error.text);
  }
}

/** The server itself said no; its words are handed on as they are. */
export class ServerRefusal extends Refusal {}

export const badHandshake = (): Refusal =>
  new Refusal({ number: 1043, sqlState: '08S01', text: 'Bad handshake' });

export const pluginNotLoaded = (plugin: string): Refusal =>
  new Refusal({
    number: 1524,
    sqlState: 'HY000',
    text: `Plugin '${plugin}' is not loaded (the endpoint cannot authenticate by it)`,
  });

export const outOfOrder = (): Refusal =>
  new Refusal({ number: 1156, sqlState: '08S01', text: 'Got packets out of order' });
