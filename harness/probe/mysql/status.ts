/** The server's status flags, as an OK packet tells them (protocol documentation of MySQL). */

const inTransactionFlag = 0x0001;
const autocommitFlag = 0x0002;

export function isInTransaction(status: number): boolean {
  return (status & inTransactionFlag) !== 0;
}

export function hasAutocommit(status: number): boolean {
  return (status & autocommitFlag) !== 0;
}

/** The flags in the body of an OK packet, or null where it is another packet or cut short. */
export function statusOfOk(body: Buffer): number | null {
  if (body[0] !== 0x00) return null;
  const afterRows = afterLength(body, 1);
  const afterId = afterRows === null ? null : afterLength(body, afterRows);
  if (afterId === null || afterId + 2 > body.length) return null;
  return body.readUInt16LE(afterId);
}

/** Where the length-encoded number that begins at `offset` ends. */
function afterLength(body: Buffer, offset: number): number | null {
  const first = body[offset];
  if (first === undefined) return null;
  if (first < 0xfb) return offset + 1;
  if (first === 0xfc) return offset + 3;
  if (first === 0xfd) return offset + 4;
  return first === 0xfe ? offset + 9 : null;
}
