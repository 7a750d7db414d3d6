/**
 * pg_dump of one database of a running server: the statements that make its schema again. The
 * program is Postgres's own, built as WebAssembly, so that no client programs need be here.
 */
import type { Socket } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Client, Connection } from 'pg';
import type { Clock } from '../../../clock.js';
import { backend, frontend, int32, message } from '../../../wire/postgres/messages.js';
import {
  type DumpThreadData,
  type DumpThreadEnd,
  dumpThreadText,
  pgDumpPath,
} from './dump-thread.js';
import { connected, type Opening } from './opening.js';

const dumpMsMax = 300_000;

/** Which statements: what tables are made of, or what is made once their rows are there. */
export type DumpSection = 'pre-data' | 'post-data';

export interface DumpOrder extends Opening {
  readonly clock: Clock;
  readonly section: DumpSection;
  /** Also the statements that make the database itself, ahead of a `\connect`. */
  readonly create: boolean;
}

/**
 * The dump as SQL.
 * @throws Error with what pg_dump says, or where the server goes away
 */
export async function pgDump(order: DumpOrder): Promise<string> {
  const parameters = new Map<string, string>();
  const client = await connected(order, (connection) =>
    connection.on('parameterStatus', (told: { parameterName: string; parameterValue: string }) =>
      parameters.set(told.parameterName, told.parameterValue),
    ),
  );
  const { port1, port2 } = new MessageChannel();
  const data: DumpThreadData = {
    pgDump: pgDumpPath(),
    args: [`--section=${order.section}`, ...(order.create ? ['--create'] : [])],
    port: port2,
    answered: new SharedArrayBuffer(4),
  };
  const thread = new Worker(dumpThreadText, {
    eval: true,
    workerData: data,
    transferList: [port2],
    env: {},
  });
  const bridge = new Bridge(client, parameters);
  const flag = new Int32Array(data.answered);
  bridge.onAnswer = (bytes) => {
    port1.postMessage(bytes);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  port1.on('message', (bytes: Uint8Array) => bridge.ask(Buffer.from(bytes)));
  try {
    return await endOf(thread, bridge, order.clock);
  } finally {
    port1.close();
    bridge.close();
    await thread.terminate();
  }
}

function endOf(thread: Worker, bridge: Bridge, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = clock.timer(dumpMsMax, () => fail('it took longer than five minutes'));
    const fail = (why: string): void => {
      limit.cancel();
      reject(new Error(`pg_dump failed: ${why}`));
    };
    bridge.onLost = () => fail('the server went away');
    thread.on('message', (end: DumpThreadEnd) => {
      limit.cancel();
      if (end.failure === undefined) resolve(end.sql);
      else fail(end.failure);
    });
    thread.on('error', (error) => fail(error.message));
    thread.on('exit', () => fail('its thread ended'));
  });
}

const startup = 'startup';
/** Messages that the server answers up to ReadyForQuery: Query, Sync, FunctionCall. */
const asking: ReadonlySet<number> = new Set([frontend.query, frontend.sync, frontend.functionCall]);

/** Hands a client's bytes to a connection that is logged in already. */
class Bridge {
  onAnswer: (bytes: Buffer) => void = () => undefined;
  onLost: () => void = () => undefined;
  readonly #client: Client;
  readonly #stream: Socket;
  readonly #parameters: ReadonlyMap<string, string>;
  /** What comes first is a start-up packet, which has no type. */
  #next: typeof startup | 'messages' = startup;
  #unread = Buffer.alloc(0);
  #answer: Buffer[] = [];
  #answerUnread = Buffer.alloc(0);
  #awaited = 0;

  constructor(client: Client, parameters: ReadonlyMap<string, string>) {
    this.#client = client;
    this.#parameters = parameters;
    const { connection } = client as unknown as { connection: Connection };
    this.#stream = connection.stream as Socket;
    this.#stream.removeAllListeners('data');
    this.#stream.on('data', (chunk: Buffer) => this.#answered(chunk));
    this.#stream.on('close', () => this.onLost());
  }

  /** Called for all that the program sends; `onAnswer` follows each time. */
  ask(bytes: Buffer): void {
    if (this.#next === startup) {
      this.#next = 'messages';
      this.onAnswer(this.#greeting());
      return;
    }
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (let end = endOfFirst(this.#unread); end !== null; end = endOfFirst(this.#unread)) {
      if (asking.has(this.#unread[0] ?? 0)) this.#awaited++;
      this.#unread = this.#unread.subarray(end);
    }
    // Saying goodbye is for us: what the program has to say comes first.
    if (bytes[0] !== frontend.terminate) this.#stream.write(bytes);
    // More of the message is to come, or nothing is answered to it.
    if (this.#awaited === 0) this.onAnswer(Buffer.alloc(0));
  }

  close(): void {
    this.#stream.destroy();
    void this.#client.end().catch(() => undefined);
  }

  /** As the server answers a start-up packet after the login. */
  #greeting(): Buffer {
    const text = (value: string): Buffer => Buffer.from(`${value}\0`);
    return Buffer.concat([
      message(backend.authentication, int32(0)),
      ...[...this.#parameters].map(([name, value]) =>
        message(backend.parameterStatus, text(name), text(value)),
      ),
      message(backend.readyForQuery, Buffer.from('I')),
    ]);
  }

  #answered(chunk: Buffer): void {
    this.#answer.push(chunk);
    this.#answerUnread = Buffer.concat([this.#answerUnread, chunk]);
    for (
      let end = endOfFirst(this.#answerUnread);
      end !== null;
      end = endOfFirst(this.#answerUnread)
    ) {
      if (this.#answerUnread[0] === backend.readyForQuery) this.#awaited--;
      this.#answerUnread = this.#answerUnread.subarray(end);
    }
    if (this.#awaited > 0 || this.#answerUnread.length > 0) return;
    const whole = Buffer.concat(this.#answer);
    this.#answer = [];
    this.onAnswer(whole);
  }
}

/** Where the first message ends; null where it is not whole. */
function endOfFirst(bytes: Buffer): number | null {
  if (bytes.length < 5) return null;
  const end = 1 + bytes.readInt32BE(1);
  return end <= bytes.length ? end : null;
}
