/** The lines of somebody's log, and what of them could not be taken. */
import type { Sample } from './sample.js';

/** Longer than any answer that a client prints. */
export const lineCharactersMax = 16_384;

export interface LogLines {
  /** In order; one that is too long is an empty one here. */
  readonly lines: readonly string[];
  readonly tooLong: number;
}

export function linesIn(text: string): LogLines {
  let tooLong = 0;
  const lines = text.split(/\r\n|\r|\n/).map((line) => {
    if (line.length <= lineCharactersMax) return line;
    tooLong += 1;
    return '';
  });
  return { lines, tooLong };
}

/** What a parser makes of the lines. */
export interface ParsedLines {
  readonly samples: Sample[];
  /** Numbers, from 1, of the lines that ought to be attempts and whose time cannot be read. */
  readonly timeless: readonly number[];
}
