/**
 * The history writer on a thread of its own. Its `workerData` is `{ path, anchor }`. Messages to
 * its own port, or to any port handed over by `connect`:
 *
 * - `{ type: 'entry', entry }` appends one entry, `{ type: 'entries', entries }` several;
 * - `{ type: 'connect', port }` listens to another MessagePort (a producer's) as well;
 * - `{ type: 'close' }` takes what the producers' ports still hold, closes the file and answers
 *   `{ type: 'closed', lost, failure }` on the port that asked.
 *
 * Its own port is told `{ type: 'failed', failure }` as soon as the file takes no more.
 */
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import { type Anchor, systemClock } from '../../sim/clock.js';
import type { Entry } from './entry.js';
import { openHistory } from './write.js';

export interface WriterThreadData {
  readonly path: string;
  readonly anchor: Anchor;
}

export type ToWriter =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'entries'; readonly entries: readonly Entry[] }
  | { readonly type: 'connect'; readonly port: MessagePort }
  | { readonly type: 'close' };

/** The last word of the history's thread. */
export interface HistoryClosed {
  readonly type: 'closed';
  /** Entries that could not be written. */
  readonly lost: number;
  /** The file system's first error, or null. */
  readonly failure: string | null;
}

export type FromWriter = HistoryClosed | { readonly type: 'failed'; readonly failure: string };

function serve(own: MessagePort, { path, anchor }: WriterThreadData): void {
  const history = openHistory(path, { clock: systemClock(anchor) });
  const ports = new Set<MessagePort>([own]);
  let isFailureTold = false;
  const take = (from: MessagePort, message: ToWriter): void => {
    if (history.failure !== null && !isFailureTold) {
      isFailureTold = true;
      own.postMessage({ type: 'failed', failure: history.failure.message } satisfies FromWriter);
    }
    if (message.type === 'entry') history.write(message.entry);
    else if (message.type === 'entries') for (const entry of message.entries) history.write(entry);
    else if (message.type === 'connect') listen(message.port);
    else close(from);
  };
  const listen = (port: MessagePort): void => {
    ports.add(port);
    port.on('message', (message: ToWriter) => take(port, message));
    port.on('close', () => ports.delete(port));
  };
  const close = (asker: MessagePort): void => {
    for (const port of ports) {
      for (;;) {
        const waiting = receiveMessageOnPort(port) as { message: ToWriter } | undefined;
        if (waiting === undefined) break;
        if (waiting.message.type !== 'close') take(port, waiting.message);
      }
    }
    history.close();
    const failure = history.failure?.message ?? null;
    asker.postMessage({ type: 'closed', lost: history.lost, failure } satisfies FromWriter);
    for (const port of ports) port.close();
  };
  listen(own);
}

if (parentPort !== null) serve(parentPort, workerData as WriterThreadData);
