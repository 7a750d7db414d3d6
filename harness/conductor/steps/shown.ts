/** A text of the user's as it is told. Pure. */
import { withoutSecrets } from './without-secrets.js';

const shownMax = 200;

/** In one line, cut, and without passwords. */
export function shown(text: string): string {
  const line = withoutSecrets(text).replace(/\s+/g, ' ').trim();
  return line.length > shownMax ? `${line.slice(0, shownMax)}...` : line;
}
