/** `--timing typical|stress|engine|FILE`: a choice of the table, or values from a file. */
import { parse } from 'yaml';
import { z } from 'zod';
import type { Timing } from '../harness/plan.js';
import { type TimingChoice, timingChoices, timingTable } from '../sim/timing.js';
import { UserError } from '../sim/user-error.js';
import { codeOf, readBounded } from './files.js';

const value = z.strictObject({
  valueMs: z.number().nonnegative().max(3_600_000),
  source: z.string().min(1),
  observations: z.number().int().nonnegative().default(0),
});
const fileSchema = z.record(z.string(), z.record(z.string(), value));
const bytesMax = 1_000_000;

/**
 * Reads the option.
 * @throws UserError `TIMING_FILE_MISSING`, `TIMING_FILE_INVALID`
 */
export function timingOption(text: string): Timing {
  const choice = timingChoices.find((known: TimingChoice) => known === text);
  if (choice !== undefined) return { choice, overrides: {}, label: choice };
  const overrides = checked(text, readText(text));
  return { choice: 'typical', overrides, label: `typical with ${text}` };
}

function readText(path: string): string {
  let text: string | null;
  try {
    text = readBounded(path, bytesMax);
  } catch (error) {
    const code = codeOf(error) ?? 'unreadable';
    throw new UserError(
      'TIMING_FILE_MISSING',
      `--timing "${path}" is none of ${timingChoices.join(', ')} and no readable file (${code}).`,
      'Name one of these, or a YAML or JSON file of durations with their source.',
    );
  }
  if (text === null) throw invalid(path, `it is longer than ${bytesMax} bytes`);
  return text;
}

function checked(path: string, text: string): z.infer<typeof fileSchema> {
  let raw: unknown;
  try {
    raw = parse(text, { maxAliasCount: 10 });
  } catch (error) {
    throw invalid(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'not YAML');
  }
  const parsed = fileSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(path, `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unusable'}`);
  }
  const known: Record<string, Record<string, unknown>> = timingTable;
  for (const [profile, durations] of Object.entries(parsed.data)) {
    const table = Object.hasOwn(known, profile) ? known[profile] : undefined;
    if (table === undefined) throw invalid(path, `there is no profile "${profile}"`);
    for (const name of Object.keys(durations))
      if (!Object.hasOwn(table, name)) throw invalid(path, `${profile} has no duration "${name}"`);
  }
  return parsed.data;
}

function invalid(path: string, why: string): UserError {
  return new UserError(
    'TIMING_FILE_INVALID',
    `The timing file ${path} cannot be used: ${why}.`,
    'It maps profile to duration to { valueMs, source, observations }, by the names that ' +
      'rehearse describe shows.',
  );
}
