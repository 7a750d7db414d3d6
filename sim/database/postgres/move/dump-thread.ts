/**
 * The thread that pg_dump runs in. As WebAssembly it reads its server's answers the moment it
 * asks for them, so its thread stands still until the thread with the connection has them.
 */
import { createRequire } from 'node:module';
import type { MessagePort } from 'node:worker_threads';

/** What the thread is started with. */
export interface DumpThreadData {
  readonly pgDump: string;
  readonly args: readonly string[];
  /** Where bytes for the server go out, and where the answers come in. */
  readonly port: MessagePort;
  /** One Int32: not zero once an answer was posted. */
  readonly answered: SharedArrayBuffer;
}

/** What it says at its end. */
export type DumpThreadEnd =
  | { readonly sql: string; readonly failure?: undefined }
  | { readonly sql?: undefined; readonly failure: string };

/** The program's place, found from here: the thread's own text has none. */
export const pgDumpPath = (): string =>
  createRequire(import.meta.url).resolve('@electric-sql/pglite-tools/pg_dump');

/**
 * As text, so that the thread starts wherever this module was read from. The package wants an
 * in-process server; it gets one that hands everything on.
 */
export const dumpThreadText = `
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
const { pgDump, args, port, answered } = workerData;
const flag = new Int32Array(answered);
const server = {
  query: async () => ({ rows: [{ search_path: '' }] }),
  exec: async () => [],
  execProtocolRawStream: (bytes, { onRawData }) => {
    Atomics.store(flag, 0, 0);
    port.postMessage(Uint8Array.from(bytes));
    Atomics.wait(flag, 0, 0);
    const said = receiveMessageOnPort(port);
    if (said !== undefined && said.message.length > 0) onRawData(said.message);
  },
};
require(pgDump).pgDump({ pg: server, args }).then(
  async (file) => parentPort.postMessage({ sql: await file.text() }),
  (error) => parentPort.postMessage({ failure: String(error && error.message) }),
).finally(() => port.close());
`;
