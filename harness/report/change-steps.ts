/** The procedure, step by step, with how long each took and what was told meanwhile. Pure. */
import type { Measurement } from '../measure/measure.js';
import type { RunReport } from '../verdict/run-report.js';
import { escaped } from './markdown-text.js';
import { phaseSpans } from './phase-spans.js';
import { offsetText, shortMs, type TextOptions } from './text.js';

const eventsMax = 12;

/** Numbered; a history that does not tell its procedure has its phases at least. */
export function changeSteps(
  report: RunReport,
  measurement: Measurement,
  options: TextOptions,
): string {
  const spans = phaseSpans(measurement);
  const known = report.procedure?.phases ?? [];
  const names = known.length > 0 ? known.map(({ name }) => name) : spans.map(({ name }) => name);
  const told = names.map((name, index) => {
    const what = known.find((phase) => phase.name === name);
    const span = spans.find((one) => one.name === name);
    const did = what?.steps.map((step) => `   - ${escaped(step, options)}`) ?? [];
    const t0 = what?.t0 === true ? ' From here on clients feel it.' : '';
    const sentence = what === undefined ? '' : `: ${escaped(what.what, options)}`;
    return [
      `${index + 1}. **${escaped(name, options)}**${sentence}${t0}`,
      ...did,
      ...(span === undefined
        ? ['   - in the rehearsal: not reached']
        : [`   - ${escaped(took(span, measurement), options)}`, ...events(span, report, options)]),
    ].join('\n');
  });
  return told.length === 0 ? 'The history tells of no phase.' : told.join('\n');
}

type Span = ReturnType<typeof phaseSpans>[number];

function took({ fromNs, toNs }: Span, { t0Ns }: Measurement): string {
  const at = offsetText((fromNs - (t0Ns ?? 0)) / 1e6);
  const since = t0Ns === null ? '' : 'T0';
  return `in the rehearsal: began at ${since}${at}, took ${shortMs((toNs - fromNs) / 1e6)}`;
}

/** What to wait for on the day. */
function events({ fromNs, toNs }: Span, report: RunReport, options: TextOptions): string[] {
  const zeroMs = report.t0Ms ?? 0;
  const within = report.events.filter(({ offsetMs, source }) => {
    const atNs = (offsetMs + zeroMs) * 1e6;
    return atNs >= fromNs && atNs < toNs && source !== 'fault' && source !== 'harness';
  });
  const more = within.length - eventsMax;
  return [
    ...within.slice(0, eventsMax).map(({ source, message, eventId }) => {
      const id = eventId === null ? '' : ` [${eventId}]`;
      return `   - ${source} event: ${escaped(`"${message}"${id}`, options)}`;
    }),
    ...(more > 0 ? [`   - and ${more} more events`] : []),
  ];
}
