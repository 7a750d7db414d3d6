/** Builds the answer to a COM_QUERY that no server gave: rows of text. Pure. */
import { serverStatus } from './capabilities.js';
import { packet } from './packets.js';
import { lengthEncodedBytes, lengthEncodedInteger, uint16, uint32 } from './values.js';

export interface TextRows {
  readonly columns: readonly string[];
  /** Values by column; null is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface ResultSetOptions {
  readonly inTransaction: boolean;
  /** Client and server agreed on CLIENT_DEPRECATE_EOF. */
  readonly deprecateEof: boolean;
}

/** utf8mb4_general_ci. */
const charset = 45;
const varString = 0xfd;
const columnBytesMax = 4 * 1024;
const nullValue = Buffer.from([0xfb]);

/** @param sequence one more than that of the packet that it answers */
export function textResultSet(
  sequence: number,
  { columns, rows }: TextRows,
  { inTransaction, deprecateEof }: ResultSetOptions,
): Buffer {
  const status = serverStatus.autocommit | (inTransaction ? serverStatus.inTransaction : 0);
  const eof = Buffer.concat([Buffer.from([0xfe]), uint16(0), uint16(status)]);
  const okAtEnd = Buffer.concat([Buffer.from([0xfe, 0, 0]), uint16(status), uint16(0)]);
  const payloads = [
    lengthEncodedInteger(columns.length),
    ...columns.map(columnDefinition),
    ...(deprecateEof ? [] : [eof]),
    ...rows.map((row) => Buffer.concat(row.map(columnValue))),
    deprecateEof ? okAtEnd : eof,
  ];
  return Buffer.concat(payloads.map((payload, at) => packet((sequence + at) & 0xff, payload)));
}

function columnDefinition(name: string): Buffer {
  const [catalog, schema, table, originalTable] = ['def', '', '', ''].map(lengthEncodedBytes);
  return Buffer.concat([
    ...[catalog, schema, table, originalTable].flatMap((part) => part ?? []),
    lengthEncodedBytes(name),
    lengthEncodedBytes(''),
    lengthEncodedInteger(12),
    ...[uint16(charset), uint32(columnBytesMax), Buffer.from([varString])],
    ...[uint16(0), Buffer.from([0]), uint16(0)],
  ]);
}

function columnValue(value: string | null): Buffer {
  return value === null ? nullValue : lengthEncodedBytes(value);
}
