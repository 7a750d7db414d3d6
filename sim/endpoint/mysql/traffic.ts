/**
 * What one session's bytes say, on the MySQL protocol: which answers are outstanding, whether a
 * transaction is open, and what the server itself cannot tell. Pure bookkeeping over packets.
 */
import { TemporaryTableWatch } from '../../engine/mysql/temporary-tables.js';
import { AnswerReader, type PacketRole } from '../../wire/mysql/answer.js';
import { answerKind, command } from '../../wire/mysql/commands.js';
import { type PacketSink, PacketWalker } from '../../wire/mysql/walker.js';

/** SQL text beyond this is not searched. */
const statementBytesMax = 64 * 1024;

export interface TrafficOptions {
  /** Client and server agreed on CLIENT_DEPRECATE_EOF. */
  readonly deprecateEof: boolean;
}

/** Takes part in what passes, at the head of each payload. */
export interface Passage {
  /** How many leading bytes of a client's command it wants to see. */
  wantsRequest(commandByte: number, payloadBytes: number): number;
  /** @returns whether it goes to the server, which then owes an answer */
  request(commandByte: number, head: Buffer | null): boolean;
  /** @param head a view of what will be passed on; it may be changed in place */
  answer(role: PacketRole, head: Buffer | null): void;
}

export class Traffic {
  readonly fromClient: PacketWalker;
  readonly fromServer: PacketWalker;
  readonly answers: AnswerReader;
  /** What was told of temporary tables since the session's state was last reset. */
  readonly temporaryTables = new TemporaryTableWatch();
  readonly #passage: Passage;
  #sequence = 0;

  constructor(options: TrafficOptions, passage: Passage) {
    this.#passage = passage;
    this.answers = new AnswerReader({ deprecateEof: options.deprecateEof });
    this.fromClient = new PacketWalker(this.#clientSink());
    this.fromServer = new PacketWalker(this.#serverSink());
  }

  /** Every command that was sent whole has been answered. */
  get quiet(): boolean {
    return this.answers.complete && this.fromClient.atBoundary && this.fromServer.atBoundary;
  }

  /** A command was sent whole and its answer is due; the client need not send more. */
  get awaitingAnswer(): boolean {
    const waits = this.answers.outstanding > 0 && !this.answers.wantsClientData;
    return waits && this.fromClient.atBoundary;
  }

  /** The sequence number that the next packet to the client would have. */
  get nextSequence(): number {
    return (this.#sequence + 1) & 0xff;
  }

  get violation(): string | undefined {
    return this.answers.violation;
  }

  #clientSink(): PacketSink {
    return {
      wants: (first, payloadBytes) => {
        if (this.answers.wantsClientData) return 0;
        const searched = isText(first) ? Math.min(payloadBytes, statementBytesMax) : 0;
        return Math.max(searched, this.#passage.wantsRequest(first, payloadBytes));
      },
      packet: (first, _payloadBytes, head) => {
        this.#sequence = this.fromClient.sequence;
        if (!this.answers.wantsClientData) this.#command(first, head);
      },
      ended: (payloadBytes) => {
        if (this.answers.wantsClientData) this.answers.clientData(payloadBytes);
      },
    };
  }

  #command(first: number, head: Buffer | null): void {
    if (isText(first) && head !== null) this.temporaryTables.statement(head, 1);
    else if (first === command.initDb) this.temporaryTables.databaseChanged();
    else if (first === command.resetConnection) this.temporaryTables.clear();
    if (this.#passage.request(first, head)) this.answers.begin(answerKind(first));
  }

  #serverSink(): PacketSink {
    return {
      wants: (first, payloadBytes) => this.answers.wants(first, payloadBytes),
      packet: (first, payloadBytes, head) => {
        this.#sequence = this.fromServer.sequence;
        this.#passage.answer(this.answers.packet(first, payloadBytes, head), head);
      },
    };
  }
}

/** Commands that are a statement's text. */
function isText(commandByte: number): boolean {
  return commandByte === command.query || commandByte === command.stmtPrepare;
}
