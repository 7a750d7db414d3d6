/** Our own question on a session's server connection: collects its answer, whole. */
import {
  backend,
  MessageReader,
  message,
  type WholeMessage,
} from '../../wire/postgres/messages.js';

/** An answer of our own examination; nobody's catalog views are larger. */
const answerBytesMax = 16 * 1024 * 1024;

export class Talk {
  readonly answered: Promise<WholeMessage[]>;
  readonly #reader = new MessageReader(answerBytesMax);
  readonly #messages: WholeMessage[] = [];
  readonly #passOn: (bytes: Buffer) => void;
  #readiesLeft: number;
  #resolve: (messages: WholeMessage[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  /**
   * @param readies how many ReadyForQuery the answer ends with
   * @param passOn takes what is not ours: notifications are for the client, whenever they come
   */
  constructor(readies: number, passOn: (bytes: Buffer) => void) {
    this.#readiesLeft = readies;
    this.#passOn = passOn;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A talk may be given up before anybody waits for it.
    this.answered.catch(() => {});
  }

  take(chunk: Buffer): void {
    for (const one of this.#reader.push(chunk).messages) {
      this.#messages.push(one);
      if (one.type === backend.readyForQuery) this.#readiesLeft--;
      if (one.type === backend.notificationResponse) this.#passOn(message(one.type, one.body));
    }
    if (this.#reader.violation !== undefined) this.giveUp(this.#reader.violation);
    else if (this.#readiesLeft <= 0 && this.#reader.atBoundary) this.#resolve(this.#messages);
  }

  giveUp(why: string): void {
    this.#reject(new Error(why));
  }
}
