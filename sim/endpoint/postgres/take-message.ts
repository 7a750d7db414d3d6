/** Takes whole messages off the bytes of a connection that is being greeted. */
import { HandshakeError, unreadBytesMax } from '../handshake-reader.js';

/** Takes one whole typed message off the front. */
export function takeMessage(
  bytes: Buffer,
): { found: { type: number; body: Buffer }; bytes: number } | undefined {
  if (bytes.length < 5) return undefined;
  const length = bytes.readInt32BE(1);
  if (length < 4 || length > unreadBytesMax)
    throw new HandshakeError('08P01', `invalid message length ${length}`);
  if (bytes.length < length + 1) return undefined;
  return {
    found: { type: bytes[0] as number, body: bytes.subarray(5, length + 1) },
    bytes: length + 1,
  };
}
