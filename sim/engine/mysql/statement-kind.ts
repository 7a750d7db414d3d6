/** What kind of statement a text is, by its first words. Pure; knows comments, not grammar. */

const skipped = /^(?:\s+|;|\(|--[ \t][^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/)/;
/** A comment that the server runs: what is in it counts. */
const conditional = /^\/\*M?!\d*/;
/** MariaDB's SET STATEMENT ... FOR: the statement comes after it. */
const setStatement = /^set\s+statement\s[\s\S]*?\sfor\s/i;

/** A statement from its first word on. */
export function afterTrivia(statement: string): string {
  let rest = statement;
  for (;;) {
    const match = skipped.exec(rest) ?? conditional.exec(rest) ?? setStatement.exec(rest);
    if (match === null) return rest;
    rest = rest.slice(match[0].length);
  }
}

/** Account statements define no data, nor does DROP PREPARE. */
const definition =
  /^(?:create|alter|drop|rename)\s+(?!(?:or\s+replace\s+)?(?:user|role|prepare)\b)|^truncate\b/i;
/** Those rebuild a table, or lock it as a definition does. */
const upkeep = /^(?:optimize|repair|analyze)\s+(?:(?:no_write_to_binlog|local)\s+)?table\b/i;

/** Whether a statement defines data: DDL, as the MySQL manual groups it. */
export function definesData(statement: string): boolean {
  const text = afterTrivia(statement);
  return definition.test(text) || upkeep.test(text);
}
