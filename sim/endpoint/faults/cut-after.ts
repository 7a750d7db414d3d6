import type { FaultKind } from './fault.js';

/** Each session's answers are cut off after so many more bytes: mid-message, mid-row. */
export const cutAfter: FaultKind = {
  name: 'cut-after',
  what: 'breaks each session after the server has sent it this many more bytes',
  value: { unit: 'bytes', example: '1000', valueMax: 2 ** 31 },
  begin: (bytes) => {
    const left = new Map<string, number>();
    return {
      name: 'cut-after',
      onChunk: (session, direction, chunkBytes) => {
        if (direction === 'to-server') return {};
        const before = left.get(session) ?? bytes;
        left.set(session, Math.max(0, before - chunkBytes));
        return before < chunkBytes ? { cutAfterBytes: before } : {};
      },
    };
  },
};
