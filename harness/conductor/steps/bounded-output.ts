/** Keeps the beginning and the end of what is printed, however much it is. */
import type { KeptOutput } from './step-end.js';

export interface BoundedOutput {
  readonly take: (chunk: Buffer) => void;
  kept(): KeptOutput;
}

/** @param bytesMax of both parts together */
export function boundedOutput(bytesMax: number): BoundedOutput {
  const half = Math.floor(bytesMax / 2);
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let total = 0;
  return {
    take: (chunk) => {
      total += chunk.length;
      const room = half - head.length;
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      if (chunk.length > room) tail = lastOf(Buffer.concat([tail, chunk.subarray(room)]), half);
    },
    kept: () => {
      if (total === head.length + tail.length)
        return { text: Buffer.concat([head, tail]).toString('utf8'), leftOut: 0 };
      // Whole lines only: what is cut in two cannot be looked through for passwords.
      const begin = head.toString('utf8', 0, head.lastIndexOf('\n') + 1);
      const from = tail.indexOf('\n') + 1;
      const end = from === 0 ? '' : tail.toString('utf8', from);
      const left = total - Buffer.byteLength(begin) - Buffer.byteLength(end);
      return { text: `${begin}[${left} bytes left out]\n${end}`, leftOut: left };
    },
  };
}

function lastOf(bytes: Buffer, count: number): Buffer<ArrayBuffer> {
  // A copy: a view would keep all of a large chunk.
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - count)));
}
