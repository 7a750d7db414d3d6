/** Finds, checks and reads the files of a dump. Nothing is ever held whole. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../user-error.js';
import type { DumpFile } from './own-database.js';

const chunkBytes = 256 * 1024;
const filesMax = 10_000;

/**
 * The files below a path: itself, or of a folder all that are SQL, packed or not, in the order of
 * their paths.
 * @param folder where a relative name is relative to
 * @throws UserError `DUMP_MISSING`, `DUMP_INVALID`
 */
export function listDumpFiles(label: string, folder: string): DumpFile[] {
  const path = resolve(folder, label);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new UserError(
      'DUMP_MISSING',
      `There is no file or folder ${label}.`,
      'Name a file of SQL, as pg_dump or mysqldump writes it, or a folder of such files.',
    );
  if (stats.isFile()) return [{ path, name: label, bytes: stats.size }];
  if (!stats.isDirectory()) throw invalid(label, 'it is neither a file nor a folder');
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  if (names.includes('toc.dat')) throw invalid(label, "it is in pg_dump's directory format");
  const wanted = names.filter((name) => /\.sql(\.gz)?$/i.test(name) && !/(^|\/)\./.test(name));
  const files = wanted.toSorted(byCodePoint).flatMap((name) => {
    const found = statSync(join(path, name));
    return found.isFile()
      ? [{ path: join(path, name), name: join(label, name), bytes: found.size }]
      : [];
  });
  if (files.length === 0) throw invalid(label, 'the folder has no files named *.sql or *.sql.gz');
  if (files.length > filesMax) throw invalid(label, `it has more than ${filesMax} files`);
  return files;
}

/** The hash of files as they are on disk; told of each file's bytes as they are read. */
export class FilesHash {
  readonly #hash: Hash = createHash('sha256');

  /** The bytes of one file, in order. */
  take(chunk: Buffer): void {
    this.#hash.update(chunk);
  }

  /** One file is over: where it ended makes a difference too. */
  fileEnds(file: DumpFile): void {
    this.#hash.update(`\0${file.bytes}\0`);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * The SQL of one file, unpacked where it is packed.
 * @param hash takes the bytes as they are on disk
 * @throws UserError `DUMP_INVALID` for what is no SQL; the file system's error
 */
export async function* dumpText(
  file: DumpFile,
  hash: FilesHash,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const disk = createReadStream(file.path, { highWaterMark: chunkBytes, ...abortedBy(signal) });
  try {
    yield* sqlOf(unpacked(disk, hash), file.name);
  } finally {
    disk.destroy();
  }
  hash.fileEnds(file);
}

function abortedBy(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Looks at the first bytes rather than at the name to tell whether it is packed. */
async function* unpacked(disk: Readable, hash: FilesHash): AsyncGenerator<Buffer> {
  const chunks = hashed(disk, hash);
  const first = await chunks.next();
  if (first.done === true) return;
  const isPacked = first.value[0] === 0x1f && first.value[1] === 0x8b;
  if (!isPacked) {
    yield first.value;
    yield* chunks;
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  const packed = async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    yield* chunks;
  };
  const fed = pipeline(Readable.from(packed()), gunzip);
  // What goes wrong there ends the reading here with the same error.
  fed.catch(() => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

async function* hashed(disk: Readable, hash: FilesHash): AsyncGenerator<Buffer> {
  for await (const chunk of disk as AsyncIterable<Buffer>) {
    hash.take(chunk);
    yield chunk;
  }
}

/**
 * Bytes that are SQL: without a mark of the byte order, and nothing that only other programs read.
 * @param name how people know it
 * @throws UserError `DUMP_INVALID`
 */
export async function* sqlOf(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (!isFirst) {
      yield chunk;
      continue;
    }
    isFirst = false;
    const why = notSql(chunk);
    if (why !== undefined) throw invalid(name, why);
    yield chunk.subarray(0, 3).equals(utf8Mark) ? chunk.subarray(3) : chunk;
  }
}

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** What a text that begins so is, where it is not SQL. */
function notSql(start: Buffer): string | undefined {
  const hex = start.subarray(0, 8).toString('hex');
  if (start.subarray(0, 5).toString('latin1') === 'PGDMP')
    return "it is in pg_dump's custom format, which pg_restore --file=dump.sql makes SQL of";
  if (hex.startsWith('fffe') || hex.startsWith('feff')) return 'it is in UTF-16';
  if (hex.startsWith('28b52ffd')) return 'it is packed by zstd, and only gzip is known here';
  if (hex.startsWith('425a68')) return 'it is packed by bzip2, and only gzip is known here';
  if (hex.startsWith('504b0304')) return 'it is a ZIP archive, and only gzip is known here';
  if (start.subarray(257, 262).toString('latin1') === 'ustar') return 'it is a tar archive';
  return start.subarray(0, 512).includes(0) ? 'it holds bytes that no SQL begins with' : undefined;
}

function invalid(path: string, why: string): UserError {
  return new UserError(
    'DUMP_INVALID',
    `${path} cannot be loaded: ${why}.`,
    'Give plain SQL: pg_dump --format=plain, mysqldump, or a folder of *.sql files.',
  );
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
