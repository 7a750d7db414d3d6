/**
 * Markup as values: what is text is escaped wherever it stands, and only markup goes in as it is.
 * Fit for elements' text and for attributes in double quotes, in HTML and in XML. Pure.
 */
/** A piece of a document; made by `html` alone. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | null | readonly Part[];

/** A template whose parts are escaped unless they are markup; null is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let joined = texts[0] ?? '';
  for (const [index, part] of parts.entries()) joined += partText(part) + (texts[index + 1] ?? '');
  return new Markup(joined);
}

/** Each on a line of its own. */
export function lines(parts: readonly Part[]): Markup {
  return new Markup(parts.map((part) => `${partText(part)}\n`).join(''));
}

function partText(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === null) return '';
  if (typeof part === 'number') return String(part);
  return typeof part === 'string' ? escaped(part) : part.map(partText).join('');
}

/** What a server or a user says may be of any length; the history has it whole. */
export const charactersMax = 2_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Turn the direction of what follows, or show what is not there: no text needs them here. */
const turning =
  /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}|\p{Noncharacter_Code_Point}/gu;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is nothing but text: no markup, no control character, cut where it is endless. */
export function escaped(text: string): string {
  const clean = cutLong(text).replace(control, ' ').replace(turning, '\ufffd');
  return clean.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function cutLong(text: string): string {
  if (text.length <= charactersMax) return text;
  const more = text.length - charactersMax;
  return `${text.slice(0, charactersMax)}… (${more} more characters: see the history)`;
}
