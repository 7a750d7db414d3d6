/** What a server's messages say: which requests are answered, and how the session stands. Pure. */
import { backend, cStrings } from '../../wire/postgres/messages.js';
import type { MessageSink } from '../../wire/postgres/walker.js';
import type { Outstanding } from './outstanding.js';

const [inTransaction, inFailed] = [0x54, 0x45]; // T, E

export class ServerBooks implements MessageSink {
  /** `I` idle, `T` in a transaction, `E` in a failed one, as the last ReadyForQuery said. */
  status: 'I' | 'T' | 'E' = 'I';
  /** Server settings that were reported to the client, by name. */
  readonly reported: Map<string, string>;
  readonly #outstanding: Outstanding;

  constructor(reported: Map<string, string>, outstanding: Outstanding) {
    this.reported = reported;
    this.#outstanding = outstanding;
  }

  wants(type: number, bodyBytes: number): number {
    if (type === backend.readyForQuery) return 1;
    return type === backend.parameterStatus ? bodyBytes : 0;
  }

  message(type: number, _bodyBytes: number, bytes: Buffer, from: number, to: number): void {
    if (type === backend.readyForQuery) {
      this.#outstanding.ready();
      const status = from < to ? bytes[from] : undefined;
      this.status = status === inTransaction ? 'T' : status === inFailed ? 'E' : 'I';
    } else if (type === backend.parameterStatus) {
      const [name, value] = cStrings(bytes.subarray(from, to));
      if (name !== undefined && value !== undefined) this.reported.set(name, value);
    } else if (type === backend.copyInResponse || type === backend.copyBothResponse)
      this.#outstanding.copy();
    else if (type === backend.errorResponse) this.#outstanding.error();
  }
}
