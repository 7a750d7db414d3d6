/** Makes of a history what a page can hold. */
import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { EmbeddedHistory } from '../harness/report/html/page.js';

/** A page that nobody can open is of no use; the history itself stays where it is. */
const bytesMax = 64 * 1024 * 1024;
const embeddedMax = 12 * 1024 * 1024;

/** The file as it is; null where it is too large, or gone. */
export function embeddedFile(path: string): EmbeddedHistory | null {
  try {
    if (statSync(path).size > bytesMax) return null;
    return embedded(readFileSync(path));
  } catch {
    return null;
  }
}

/** The history's text; null where it is too large. */
export function embeddedText(text: string): EmbeddedHistory | null {
  return embedded(Buffer.from(text));
}

function embedded(bytes: Buffer): EmbeddedHistory | null {
  if (bytes.length > bytesMax) return null;
  const packed = gzipSync(bytes, { level: 9 });
  if (packed.length > embeddedMax) return null;
  return { bytes: bytes.length, gzipBase64: packed.toString('base64') };
}
