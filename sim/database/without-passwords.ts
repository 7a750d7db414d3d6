/** What is shown and kept of a text that may have passwords in it. Pure. */

const word = `(?:'[^']*'|"[^"]*"|[^\\s'";|&]+)`;
const inAddress = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*):[^\s'"]+@/gi;
const shortOption = new RegExp(`(?<![-\\w])-p(?!\\s|$)${word}`, 'g');
const longOption = new RegExp(`(--password)([= ])${word}`, 'gi');
const variable = new RegExp(`\\b(\\w*(?:PASSWORD|PASSWD|_PWD|SECRET|TOKEN))=${word}`, 'gi');

/**
 * Takes the passwords out that are written in a command the usual ways: in the address of a
 * database, as an option of the clients of MySQL, in a variable of the environment.
 */
export function withoutPasswords(text: string): string {
  return text
    .replaceAll(inAddress, '$1:***@')
    .replaceAll(longOption, '$1$2***')
    .replaceAll(variable, '$1=***')
    .replaceAll(shortOption, '-p***');
}
