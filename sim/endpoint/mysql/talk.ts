/** Our own question on a session's server connection: collects its answer, whole. */
import type { TextRow } from '../../engine/ask.js';
import { TextAnswer } from '../../wire/mysql/text-answer.js';

/** An answer of our own examination; nobody's variables are larger. */
const answerBytesMax = 16 * 1024 * 1024;

export class Talk {
  readonly answered: Promise<readonly TextRow[]>;
  readonly #answer: TextAnswer;
  #resolve: (rows: readonly TextRow[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(deprecateEof: boolean) {
    this.#answer = new TextAnswer(deprecateEof, answerBytesMax);
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A talk may be given up before anybody waits for it.
    this.answered.catch(() => {});
  }

  take(chunk: Buffer): void {
    this.#answer.push(chunk);
    const { violation, error, done, rows } = this.#answer;
    if (violation !== undefined) this.giveUp(violation);
    else if (done && error !== undefined) this.#reject(error);
    else if (done) this.#resolve(rows);
  }

  giveUp(why: string): void {
    this.#reject(new Error(why));
  }
}
