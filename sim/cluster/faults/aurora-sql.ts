/**
 * Aurora's own fault injection SQL, read. Pure. Sources:
 * AuroraUserGuide/AuroraMySQL.Managing.FaultInjectionQueries.html and
 * AuroraUserGuide/AuroraPostgreSQL.Managing.FaultInjectionQueries.html.
 */

/** What a statement asks for. */
export type AuroraFault =
  | { readonly kind: 'crash'; readonly of: string }
  | {
      readonly kind: 'replica-failure';
      readonly share: number;
      readonly durationMs: number;
      /** Null: all of them. */
      readonly replica: string | null;
    }
  | { readonly kind: 'disk-failure'; readonly share: number; readonly durationMs: number }
  | {
      readonly kind: 'disk-congestion';
      readonly share: number;
      readonly durationMs: number;
      readonly minMs: number;
      readonly maxMs: number;
    };

const secondsOf: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  quarter: 91 * 86_400,
  year: 365 * 86_400,
};
/** Longer than any run, and what a timer can hold. */
const durationMsMax = 7 * 86_400_000;

const crashed = /^\s*alter\s+system\s+crash(?:\s+(instance|dispatcher|node))?\s*;?\s*$/i;
const share = String.raw`(?<share>\d{1,3}(?:\.\d+)?)`;
const percent = String.raw`^\s*alter\s+system\s+simulate\s+${share}\s+percent\s+`;
const interval = String.raw`\s+for\s+interval\s+(?<count>\d{1,9})\s+(?<unit>[a-z]+)\s*;?\s*$`;
const place = String.raw`(?:\s+in\s+(?:disk|node)\s+\d+)?`;
const to = String.raw`(?:\s+to\s+(?:all|(?<quote>["'\x60])(?<replica>[\w-]{1,63})\k<quote>))?`;
const between = String.raw`\s+between\s+(?<min>\d{1,9})\s+and\s+(?<max>\d{1,9})\s+milliseconds`;
const simulated = {
  replica: new RegExp(`${percent}read\\s+replica\\s+failure${to}${interval}`, 'i'),
  disk: new RegExp(`${percent}disk\\s+failure${place}${interval}`, 'i'),
  congestion: new RegExp(`${percent}disk\\s+congestion${between}${place}${interval}`, 'i'),
};

/** Reads the `ALTER SYSTEM` of Aurora MySQL; undefined where it is none of these. */
export function readAlterSystem(sql: string): AuroraFault | undefined {
  const crash = crashed.exec(sql);
  if (crash !== null) return { kind: 'crash', of: (crash[1] ?? 'instance').toLowerCase() };
  for (const [name, pattern] of Object.entries(simulated)) {
    const groups = pattern.exec(sql)?.groups;
    const seconds = secondsOf[(groups?.unit ?? '').toLowerCase().replace(/s$/, '')];
    if (groups === undefined || seconds === undefined) continue;
    const { share, count, replica = null, min, max } = groups;
    const lasting = { share: Number(share), seconds: Number(count) * seconds };
    if (name === 'replica') return checked({ kind: 'replica-failure', ...lasting, replica });
    if (name === 'disk') return checked({ kind: 'disk-failure', ...lasting });
    const bounds = { minMs: Number(min), maxMs: Number(max) };
    return checked({ kind: 'disk-congestion', ...lasting, ...bounds });
  }
  return undefined;
}

const functions = 'crash|replica_failure|disk_failure|disk_congestion';
const called = new RegExp(
  String.raw`^\s*select\s+(?:\*\s+from\s+)?aurora_inject_(?<what>${functions})` +
    String.raw`\s*\((?<values>[^()]*)\)\s*;?\s*$`,
  'i',
);

/** Reads a call of the functions of Aurora PostgreSQL, with values and not with parameters. */
export function readFunctionCall(sql: string): AuroraFault | undefined {
  const groups = called.exec(sql)?.groups;
  if (groups === undefined) return undefined;
  const values = (groups.values ?? '').split(',').map((value) => value.trim());
  const [first, second, third, fourth, fifth, sixth] = values;
  switch (groups.what?.toLowerCase()) {
    case 'crash': {
      const of = textOf(first)?.toLowerCase() ?? '';
      return ['instance', 'dispatcher', 'node'].includes(of) ? { kind: 'crash', of } : undefined;
    }
    case 'replica_failure': {
      const replica = textOf(third);
      if (values.length !== 3 || replica === undefined) return undefined;
      const lasting = { share: numberOf(first), seconds: numberOf(second) };
      return checked({
        ...{ kind: 'replica-failure', ...lasting },
        replica: replica === '' ? null : replica,
      });
    }
    case 'disk_failure':
      if (values.length !== 4) return undefined;
      return checked({ kind: 'disk-failure', share: numberOf(first), seconds: numberOf(fourth) });
    default: {
      if (values.length !== 6) return undefined;
      const lasting = { share: numberOf(first), seconds: numberOf(fourth) };
      const bounds = { minMs: numberOf(fifth), maxMs: numberOf(sixth) };
      return checked({ kind: 'disk-congestion', ...lasting, ...bounds });
    }
  }
}

interface Read {
  readonly kind: Exclude<AuroraFault['kind'], 'crash'>;
  /** In percent. */
  readonly share: number;
  readonly seconds: number;
  readonly replica?: string | null;
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** Values that AWS refuses as well are left to the server, which refuses them in its words. */
function checked({ kind, share: percents, seconds, ...rest }: Read): AuroraFault | undefined {
  const { replica = null, minMs = 0, maxMs = 0 } = rest;
  const isSane = percents >= 0 && percents <= 100 && seconds >= 0 && minMs >= 0 && maxMs >= minMs;
  if (!isSane) return undefined;
  const lasting = { share: percents / 100, durationMs: Math.min(seconds * 1_000, durationMsMax) };
  if (kind === 'replica-failure') return { kind, ...lasting, replica };
  if (kind === 'disk-failure') return { kind, ...lasting };
  return { kind, ...lasting, minMs, maxMs };
}

function numberOf(value: string | undefined): number {
  return value === undefined || !/^\d{1,9}(?:\.\d+)?$/.test(value) ? Number.NaN : Number(value);
}

function textOf(value: string | undefined): string | undefined {
  return /^'([\w-]{0,63})'(?:::\w+)?$/.exec(value ?? '')?.[1];
}
