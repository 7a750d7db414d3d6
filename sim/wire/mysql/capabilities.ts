/** What client and server can do, as bits of an unsigned 32-bit number. */

export const capability = {
  /** Also called CLIENT_LONG_PASSWORD; a MariaDB server does not set it, see `greeting.ts`. */
  mysql: 0x1,
  foundRows: 0x2,
  longFlag: 0x4,
  connectWithDb: 0x8,
  noSchema: 0x10,
  compress: 0x20,
  odbc: 0x40,
  localFiles: 0x80,
  ignoreSpace: 0x100,
  protocol41: 0x200,
  interactive: 0x400,
  ssl: 0x800,
  ignoreSigpipe: 0x1000,
  transactions: 0x2000,
  reserved: 0x4000,
  secureConnection: 0x8000,
  multiStatements: 0x10000,
  multiResults: 0x20000,
  psMultiResults: 0x40000,
  pluginAuth: 0x80000,
  connectAttributes: 0x100000,
  lengthEncodedAuthData: 0x200000,
  canHandleExpiredPasswords: 0x400000,
  sessionTrack: 0x800000,
  deprecateEof: 0x1000000,
  optionalResultsetMetadata: 0x2000000,
  zstdCompression: 0x4000000,
  queryAttributes: 0x8000000,
  multiFactorAuthentication: 0x10000000,
  capabilityExtension: 0x20000000,
  sslVerifyServerCert: 0x40000000,
  rememberOptions: 0x80000000,
} as const;

export function has(capabilities: number, bit: number): boolean {
  return (capabilities & bit) !== 0;
}

/** `capabilities` without the given bits. */
export function without(capabilities: number, ...bits: readonly number[]): number {
  return bits.reduce((left, bit) => left & ~bit, capabilities) >>> 0;
}

export function withBits(capabilities: number, ...bits: readonly number[]): number {
  return bits.reduce((all, bit) => all | bit, capabilities) >>> 0;
}

/** Bits of the status that a server puts into OK and EOF. */
export const serverStatus = {
  inTransaction: 0x1,
  autocommit: 0x2,
  moreResultsExist: 0x8,
  noGoodIndexUsed: 0x10,
  noIndexUsed: 0x20,
  cursorExists: 0x40,
  lastRowSent: 0x80,
  dbDropped: 0x100,
  noBackslashEscapes: 0x200,
  metadataChanged: 0x400,
  queryWasSlow: 0x800,
  psOutParameters: 0x1000,
  inReadOnlyTransaction: 0x2000,
  sessionStateChanged: 0x4000,
} as const;
