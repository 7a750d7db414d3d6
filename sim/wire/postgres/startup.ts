/** The first packet of a connection, before any typed message. Pure. */

/** The server's own limit (MAX_STARTUP_PACKET_LENGTH). */
export const startupBytesMax = 10_000;

export type FirstPacket =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'ssl'; readonly bytes: number }
  | { readonly kind: 'gss'; readonly bytes: number }
  | {
      readonly kind: 'cancel';
      readonly bytes: number;
      readonly processId: number;
      readonly secret: number;
    }
  | {
      readonly kind: 'startup';
      readonly bytes: number;
      /** Minor protocol version asked for, of major version 3. */
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    };

/** Reads the first packet from the bytes so far. Never throws. */
export function parseFirstPacket(bytes: Buffer): FirstPacket {
  if (bytes.length < 4) return { kind: 'incomplete' };
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > startupBytesMax)
    return { kind: 'invalid', why: `invalid length of startup packet: ${length}` };
  if (bytes.length < length) return { kind: 'incomplete' };
  const code = bytes.readInt32BE(4);
  if (code === 80877103) return exact('ssl', length);
  if (code === 80877104) return exact('gss', length);
  if (code === 80877102) {
    if (length !== 16) return { kind: 'invalid', why: `cancel request of ${length} bytes` };
    const processId = bytes.readInt32BE(8);
    return { kind: 'cancel', bytes: 16, processId, secret: bytes.readInt32BE(12) };
  }
  if (code >>> 16 !== 3)
    return {
      kind: 'invalid',
      why: `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}: server supports 3.0`,
    };
  const parameters = parseParameters(bytes.subarray(8, length));
  if (parameters === undefined)
    return {
      kind: 'invalid',
      why: 'invalid startup packet layout: expected terminator as last byte',
    };
  return { kind: 'startup', bytes: length, minor: code & 0xffff, parameters };
}

function exact(kind: 'ssl' | 'gss', length: number): FirstPacket {
  if (length !== 8) return { kind: 'invalid', why: `${kind} request of ${length} bytes` };
  return { kind, bytes: 8 };
}

function parseParameters(body: Buffer): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const nameEnd = body.indexOf(0, at);
    const valueEnd = nameEnd === -1 ? -1 : body.indexOf(0, nameEnd + 1);
    if (valueEnd === -1) return undefined;
    parameters.set(
      body.toString('utf8', at, nameEnd),
      body.toString('utf8', nameEnd + 1, valueEnd),
    );
    at = valueEnd + 1;
  }
  return at === body.length - 1 ? parameters : undefined;
}
