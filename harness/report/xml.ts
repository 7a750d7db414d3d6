/** XML 1.0 as values, written so that any parser reads it. Pure. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Element | Literal | string)[];
}

interface Literal {
  readonly literal: string;
}

export function element(
  name: string,
  attributes: Element['attributes'],
  children: Element['children'],
): Element {
  return { name, attributes, children };
}

/** Text in many lines that is kept as it is. */
export function cdata(text: string): Literal {
  return { literal: `<![CDATA[${allowed(text).replaceAll(']]>', ']]]]><![CDATA[>')}]]>` };
}

/** The whole document. */
export function xml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${written(root, '')}`;
}

function written({ name, attributes, children }: Element, indent: string): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const open = `${indent}<${name}${pairs.join('')}`;
  if (children.length === 0) return `${open}/>\n`;
  const [only] = children;
  if (children.length === 1 && only !== undefined && !isElement(only))
    return `${open}>${textOf(only)}</${name}>\n`;
  const inner = children.map((child) =>
    isElement(child) ? written(child, `${indent}  `) : `${textOf(child)}\n`,
  );
  return `${open}>\n${inner.join('')}${indent}</${name}>\n`;
}

function isElement(child: Element['children'][number]): child is Element {
  return typeof child !== 'string' && 'name' in child;
}

function textOf(child: string | Literal): string {
  return typeof child === 'string' ? escaped(child) : child.literal;
}

const charactersMax = 4_000;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** For text and for attributes, whose line breaks a parser would turn into spaces. */
function escaped(value: string | number): string {
  const text = String(value);
  const cut = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
  return allowed(cut).replace(/[&<>"\n\t]/g, (character) => entities[character] ?? '');
}

/** XML 1.0 has no way to write most control characters, halves of a pair, and U+FFFE, U+FFFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const forbidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/gu;

function allowed(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(forbidden, '\ufffd');
}
