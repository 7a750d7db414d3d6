/** Payloads of commands on prepared statements: their statement ids and parameter types. Pure. */
import { command } from './commands.js';
import { uint16 } from './values.js';

/** Where the id stands in the payload of each command that has one, and what a head must hold. */
const idAt = 1;
export const statementIdHeadBytes = 5;

/** The id in a payload whose command carries one; undefined if it is too short. */
export function statementId(payload: Buffer): number | undefined {
  return payload.length < statementIdHeadBytes ? undefined : payload.readUInt32LE(idAt);
}

/** Changes the id in place, in a command's payload or in a COM_STMT_PREPARE_OK. */
export function setStatementId(payload: Buffer, id: number): void {
  if (payload.length >= statementIdHeadBytes) payload.writeUInt32LE(id >>> 0, idAt);
}

/** Where an execute payload holds its parameter types, or would. */
export interface BoundTypes {
  /** The payload brings its own types; else the server uses those of the last execute. */
  readonly bound: boolean;
  /** Where the flag is that says so. */
  readonly flagAt: number;
  /** Where the types begin, or would have to be put. */
  readonly typesAt: number;
  /** Two bytes each; empty where the payload brings none. */
  readonly types: Buffer;
}

/** Bulk executes say it in their flags: SEND_TYPES_TO_SERVER. */
const bulkTypesFlag = 128;

/** How many leading payload bytes `boundTypes` needs to see for a number of parameters. */
export function boundTypesHeadBytes(commandByte: number, parameters: number): number {
  if (commandByte === command.stmtBulkExecute) return 7 + 2 * parameters;
  return 10 + bitmapBytes(parameters) + 1 + 2 * parameters;
}

function bitmapBytes(parameters: number): number {
  return (parameters + 7) >> 3;
}

/**
 * Finds the types in COM_STMT_EXECUTE or COM_STMT_BULK_EXECUTE; CLIENT_QUERY_ATTRIBUTES, which
 * would put a count before them, must not have been agreed.
 * @param parameters of the statement
 * @returns undefined where the statement has no parameters, or the payload is too short for them
 */
export function boundTypes(payload: Buffer, parameters: number): BoundTypes | undefined {
  if (parameters === 0) return undefined;
  const bulk = payload[0] === command.stmtBulkExecute;
  const flagAt = bulk ? 5 : 10 + bitmapBytes(parameters);
  const typesAt = flagAt + (bulk ? 2 : 1);
  if (payload.length < typesAt) return undefined;
  const bound = bulk ? (payload.readUInt16LE(flagAt) & bulkTypesFlag) !== 0 : payload[flagAt] === 1;
  if (bound && payload.length < typesAt + 2 * parameters) return undefined;
  const types = payload.subarray(typesAt, typesAt + (bound ? 2 * parameters : 0));
  return { bound, flagAt, typesAt, types };
}

/**
 * The same execute with types in it, for a server that has not heard them yet.
 * @param types of all parameters, as an earlier execute brought them
 * @returns the payload itself where it brings its own, or has no place for them
 */
export function withTypes(payload: Buffer, parameters: number, types: Buffer): Buffer {
  const place = boundTypes(payload, parameters);
  if (place === undefined || place.bound || types.length !== 2 * parameters) return payload;
  const bulk = payload[0] === command.stmtBulkExecute;
  const flag = bulk ? uint16(payload.readUInt16LE(place.flagAt) | bulkTypesFlag) : Buffer.from([1]);
  return Buffer.concat([
    payload.subarray(0, place.flagAt),
    flag,
    types,
    payload.subarray(place.typesAt),
  ]);
}

/** Whether an execute asks for a cursor, whose rows are fetched later. */
export function opensCursor(payload: Buffer): boolean {
  return payload[0] === command.stmtExecute && ((payload[5] ?? 0) & 0x07) !== 0;
}
