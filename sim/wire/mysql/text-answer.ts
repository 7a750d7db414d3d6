/** Collects the whole answer to a COM_QUERY of our own: rows of text, or the server's error. */
import { EngineError, type TextRow } from '../../engine/ask.js';
import { AnswerReader } from './answer.js';
import { parseTextRow } from './messages.js';
import { PacketReader, type WholePacket } from './packets.js';

export class TextAnswer {
  readonly #packets: PacketReader;
  readonly #answer: AnswerReader;
  readonly #bytesMax: number;
  readonly #rows: TextRow[] = [];
  #bytes = 0;
  #tooLong = false;
  #sequence = 0;

  /**
   * @param deprecateEof whether this connection agreed on CLIENT_DEPRECATE_EOF
   * @param bytesMax a larger answer is a violation
   */
  constructor(deprecateEof: boolean, bytesMax: number) {
    this.#packets = new PacketReader(bytesMax);
    this.#bytesMax = bytesMax;
    this.#answer = new AnswerReader({ deprecateEof });
    this.#answer.begin('rows');
  }

  /** The answer has been read to its end. */
  get done(): boolean {
    return this.#answer.complete;
  }

  /** Of all its result sets, in order. */
  get rows(): readonly TextRow[] {
    return this.#rows;
  }

  /** Where the statement failed; its rows before that are there all the same. */
  get error(): EngineError | undefined {
    const error = this.#answer.error;
    if (error === undefined) return undefined;
    return new EngineError(error.number, error.sqlState, error.text);
  }

  /** Session status, and what the last OK told. */
  get told(): Pick<AnswerReader, 'status' | 'inTransaction' | 'affectedRows' | 'lastInsertId'> {
    return this.#answer;
  }

  /** Set where this can be no answer, is too large, or wants a file of ours. */
  get violation(): string | undefined {
    if (this.#answer.wantsClientData) return 'the server asks for a file';
    if (this.#tooLong) return `an answer of more than ${this.#bytesMax} bytes`;
    return this.#packets.violation ?? this.#answer.violation;
  }

  /** The sequence number of the last packet read. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Takes bytes of the server. @returns how many belong to this answer */
  push(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.done && this.violation === undefined) {
      const { packets, read } = this.#packets.push(at === 0 ? chunk : chunk.subarray(at), 1);
      at += read;
      for (const one of packets) this.#take(one);
    }
    return at;
  }

  #take({ payload, sequence }: WholePacket): void {
    this.#sequence = sequence;
    this.#bytes += payload.length;
    if (this.#bytes > this.#bytesMax) this.#tooLong = true;
    else if (this.#answer.packet(payload[0] ?? -1, payload.length, payload) === 'row')
      this.#rows.push(parseTextRow(payload));
  }
}
