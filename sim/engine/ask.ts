/** How engine code asks a server: one statement, rows of text back. */

/** One row, each value as the server writes it in text; null = SQL NULL. */
export type TextRow = readonly (string | null)[];

/**
 * Runs one SQL statement on one particular connection and gives its rows.
 * @throws EngineError with the server's own words where the statement failed; Error where the
 *   connection is gone or did not answer in time
 */
export type Ask = (sql: string) => Promise<readonly TextRow[]>;

/** The server said no. */
export class EngineError extends Error {
  /**
   * @param number the engine's own error number, such as 1193 of MySQL; null where it has none
   * @param sqlState such as `42S02`
   */
  constructor(
    readonly number: number | null,
    readonly sqlState: string,
    message: string,
  ) {
    super(message);
  }
}
