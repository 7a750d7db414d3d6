/** The commands of the MySQL protocol, by their first payload byte, and what answers they get. */

/** Command bytes, as the protocol documentation numbers them. */
export const command = {
  sleep: 0x00,
  quit: 0x01,
  initDb: 0x02,
  query: 0x03,
  fieldList: 0x04,
  createDb: 0x05,
  dropDb: 0x06,
  refresh: 0x07,
  shutdown: 0x08,
  statistics: 0x09,
  processInfo: 0x0a,
  processKill: 0x0c,
  debug: 0x0d,
  ping: 0x0e,
  changeUser: 0x11,
  binlogDump: 0x12,
  tableDump: 0x13,
  registerReplica: 0x15,
  stmtPrepare: 0x16,
  stmtExecute: 0x17,
  stmtSendLongData: 0x18,
  stmtClose: 0x19,
  stmtReset: 0x1a,
  setOption: 0x1b,
  stmtFetch: 0x1c,
  binlogDumpGtid: 0x1e,
  resetConnection: 0x1f,
  clone: 0x20,
  subscribeGroupReplicationStream: 0x21,
  /** MariaDB only. */
  stmtBulkExecute: 0xfa,
} as const;

/**
 * What a server answers with.
 * - `none`: nothing at all
 * - `ok`: OK, EOF or ERR, one packet
 * - `rows`: OK, ERR, LOCAL INFILE or result sets, each perhaps followed by another
 * - `prepared`: a statement id with definitions of its parameters and columns, or ERR
 * - `fetched`: rows up to EOF, or ERR
 * - `fields`: column definitions up to EOF, or ERR
 * - `text`: one packet of plain text, or ERR
 * - `dump`: packets without end, until ERR or EOF
 * - `authentication`: a talk that ends with OK or ERR; what the client sends in it is no command
 */
export type AnswerKind =
  | 'none'
  | 'ok'
  | 'rows'
  | 'prepared'
  | 'fetched'
  | 'fields'
  | 'text'
  | 'dump'
  | 'authentication';

const kinds = new Map<number, AnswerKind>([
  [command.quit, 'none'],
  [command.stmtClose, 'none'],
  [command.stmtSendLongData, 'none'],
  [command.query, 'rows'],
  [command.processInfo, 'rows'],
  [command.stmtExecute, 'rows'],
  [command.stmtBulkExecute, 'rows'],
  [command.stmtPrepare, 'prepared'],
  [command.stmtFetch, 'fetched'],
  [command.fieldList, 'fields'],
  [command.statistics, 'text'],
  [command.binlogDump, 'dump'],
  [command.binlogDumpGtid, 'dump'],
  [command.tableDump, 'dump'],
  [command.clone, 'dump'],
  [command.subscribeGroupReplicationStream, 'dump'],
  [command.changeUser, 'authentication'],
]);

/**
 * The kind of answer to a command. One that nobody knows is answered with an error packet, and so
 * counts as `ok`.
 */
export function answerKind(commandByte: number): AnswerKind {
  return kinds.get(commandByte) ?? 'ok';
}

/** Whether bytes 1 to 4 of the command's payload are the id of a prepared statement. */
export function carriesStatementId(commandByte: number): boolean {
  switch (commandByte) {
    case command.stmtExecute:
    case command.stmtBulkExecute:
    case command.stmtClose:
    case command.stmtReset:
    case command.stmtFetch:
    case command.stmtSendLongData:
      return true;
    default:
      return false;
  }
}

/**
 * MariaDB clients execute the statement that they have just asked to prepare under this id, before
 * they know the right one. Not to be rewritten.
 */
export const lastPreparedId = 0xffffffff;
