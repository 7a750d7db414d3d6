/** The statement ids in payloads of commands on prepared statements. Pure. */

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
