/**
 * `rehearse doctor`: which engines and versions this machine can run, from where, what each
 * rehearsal would use, and what is in the way.
 */
import type { ServedServers } from '../harness/plan.js';
import { scenarios } from '../scenarios/index.js';
import type { EngineOffer, ProviderName } from '../sim/server/server.js';
import { auroraMysqlVersion, auroraVersion } from '../sim/server/versions.js';
import type { CommandContext } from './context.js';
import {
  alwaysNeeded,
  doctorExit,
  type Finding,
  machineFindings,
  machineKind,
} from './machine-findings.js';
import { type PlatformLack, platformLacks } from './platform-lacks.js';
import type { OfferTable } from './servers/choose.js';
import { type ImageChoice, imageOptions } from './servers/images.js';
import { obtainServers } from './servers/obtain.js';
import { askProvider } from './servers/providers.js';
import { serversRequest } from './servers/request.js';
import { json, table, wrap } from './text.js';
import { tool } from './tool.js';

export interface DoctorOptions {
  readonly json?: boolean;
  readonly image: readonly string[];
  readonly imagePrefix?: string;
}

/** One row of what can be run. */
interface EngineRow extends EngineOffer {
  readonly provider: ProviderName;
  /** What AWS calls a version that is compatible with it; null where none is known. */
  readonly aws: string | null;
}

/** What one rehearsal would use when it is told nothing. */
interface RehearsalRow {
  readonly scenario: string;
  readonly servers: ServedServers | null;
  /** Where there are none: what is missing, and what to do. */
  readonly missing: { readonly what: string; readonly todo: string } | null;
}

/** @returns 0 when some rehearsal can run here, else 3 */
export async function doctorCommand(
  options: DoctorOptions,
  { output, clock, env }: CommandContext,
): Promise<number> {
  const images = imageOptions(options.image, options.imagePrefix, env.REHEARSE_IMAGE_PREFIX);
  const ask = askProvider(clock, images);
  const [embedded, docker] = await Promise.all([ask('embedded'), ask('docker')]);
  const tables = { embedded, docker };
  const findings = await machineFindings(docker);
  const engines = [embedded, docker].flatMap(engineRows);
  const rehearsals = await rehearsalRows(tables, images);
  const lacks = platformLacks(machineKind());
  const ok =
    findings.every((one) => one.ok || !alwaysNeeded.includes(one.about)) &&
    rehearsals.some(({ servers }) => servers !== null);
  const name = tool();
  if (options.json === true) {
    output.data(json({ tool: name, ok, findings, engines, rehearsals, lacks }));
    return doctorExit(ok);
  }
  output.data(`rehearse ${name.version}`);
  output.data(findingsText(findings, output.columns));
  output.data(`\n${enginesText(engines)}`);
  output.data(`\n${rehearsalsText(rehearsals, output.columns)}`);
  output.data(`\n${lacksText(lacks, output.columns)}`);
  return doctorExit(ok);
}

function findingsText(findings: readonly Finding[], columns: number): string {
  const word = ({ ok, about }: Finding): string =>
    ok ? 'ok' : alwaysNeeded.includes(about) ? 'IN THE WAY' : 'missing';
  const rows = findings.map((one) => [one.about, word(one), one.found]);
  const todos = findings.flatMap(({ todo }) => (todo === null ? [] : [wrap(todo, columns, '  ')]));
  return [table(rows), ...todos].join('\n');
}

function engineRows({ provider, offers }: OfferTable): EngineRow[] {
  return offers.map((offer) => ({ provider, ...offer, aws: awsName(offer) }));
}

function awsName({ engine, version }: EngineOffer): string | null {
  try {
    if (engine === 'postgres') return auroraVersion(version);
    const aws = engine === 'mysql' ? auroraMysqlVersion(version).aws : version;
    return aws === version ? null : aws;
  } catch {
    // An image may have a tag of its own making.
    return null;
  }
}

function enginesText(engines: readonly EngineRow[]): string {
  if (engines.length === 0) return 'No engine is on this machine: rehearse fetch postgres@17.4';
  const rows = engines.map(({ engine, version, provider, aws, from }) => [
    engine,
    version,
    provider,
    aws === null ? '' : `AWS ${aws}`,
    from,
  ]);
  return `Engines on this machine\n${table(rows, '  ')}`;
}

async function rehearsalRows(
  tables: Readonly<Record<ProviderName, OfferTable>>,
  images: ImageChoice,
): Promise<RehearsalRow[]> {
  const rows: RehearsalRow[] = [];
  for (const scenario of scenarios) {
    const request = serversRequest(scenario, {}, images.images);
    const ask = async (provider: ProviderName): Promise<OfferTable> => tables[provider];
    const { servers, missing } = await obtainServers(request, images, ask);
    rows.push({
      scenario: scenario.name,
      servers: servers ?? null,
      missing: missing === undefined ? null : { what: missing.what, todo: missing.todo },
    });
  }
  return rows;
}

function rehearsalsText(rows: readonly RehearsalRow[], columns: number): string {
  const texts = rows.flatMap(({ scenario, servers, missing }) => [
    wrap(`${scenario}: ${servers?.why ?? missing?.what ?? ''}`, columns, '    ', '  '),
    ...(missing === null ? [] : [wrap(missing.todo, columns, '    ')]),
  ]);
  return ['What each rehearsal would use', ...texts].join('\n');
}

function lacksText(lacks: readonly PlatformLack[], columns: number): string {
  const texts = lacks.flatMap(({ platform, here, lacks: missing }) =>
    missing.map((text) =>
      wrap(`${platform}${here ? ' (this machine)' : ''}: ${text}`, columns, '    ', '  '),
    ),
  );
  return ['What some machines lack', ...texts].join('\n');
}
