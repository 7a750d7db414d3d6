/** The title of a section: a rule with its name, no box: borders cost two rows each. Pure. */
import { characters, fitted, type Line, type Span, span } from '../line.js';
import type { Marks } from '../marks.js';

export function title(text: readonly Span[], columns: number, marks: Marks): Line {
  const used = text.reduce((sum, one) => sum + characters(one.text), 4);
  const rest = marks.rule.repeat(Math.max(0, columns - used));
  const rule = marks.rule.repeat(2);
  return fitted([span(`${rule} `, 'dim'), ...text, span(` ${rest}`, 'dim')], columns);
}
