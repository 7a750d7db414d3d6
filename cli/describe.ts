/** `rehearse describe SCENARIO`: what it does, what is real, what is modelled, and says who. */
import { versionsTitle } from '../harness/engines.js';
import type { Scenario } from '../harness/scenario.js';
import { throughStatements } from '../harness/through/described.js';
import { clusterTexts, instanceCount, oneCluster } from '../harness/topology.js';
import { type Duration, timingTable } from '../sim/timing.js';
import type { CommandContext } from './context.js';
import { findScenarioOrFile } from './find-scenario.js';
import { type EngineOption, scenarioForEngine } from './scenario-engine.js';
import { requireSuited } from './servers/request.js';
import { json, table, wrap } from './text.js';

export async function describeCommand(
  name: string,
  options: { json?: boolean; engine?: EngineOption },
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const found = await findScenarioOrFile(name, context);
  const { scenario, server } = scenarioForEngine(found.scenario, options.engine);
  if (server !== undefined) requireSuited(scenario.engine, server);
  if (options.json === true) output.data(json({ ...scenario, timing: timingsOf(scenario) }));
  else output.data(describeText(scenario, output.columns));
  return 0;
}

interface NamedDuration extends Duration {
  readonly name: string;
}

function timingsOf(scenario: Scenario): NamedDuration[] {
  return scenario.timingProfiles.flatMap((profile) =>
    Object.entries<Duration>(timingTable[profile]).map(([name, duration]) => ({
      name: `${profile}.${name}`,
      ...duration,
    })),
  );
}

/** The page, wrapped at `columns`. */
export function describeText(scenario: Scenario, columns: number): string {
  const bullets = (statements: readonly string[]): string =>
    statements.map((statement) => wrap(statement, columns, '    ', '  - ')).join('\n');
  const section = (heading: string, body: string): string => `${heading}\n${body}`;
  return [
    `${scenario.name}: ${scenario.title}`,
    enginesText(scenario, columns),
    wrap(scenario.summary, columns),
    ...clustersSection(scenario),
    section(
      'Phases',
      table(
        scenario.phases.map((phase) => [phase.name, phase.what]),
        '  ',
      ),
    ),
    ...scenario.parts.map((part) => section(part.heading, bullets(part.statements))),
    ...wayBackSection(scenario, columns),
    ...switchesSection(scenario, columns),
    ...defectSections(scenario, columns),
    section('Real', bullets(scenario.real)),
    section('Modelled', bullets(scenario.modelled)),
    section('With --through', bullets(throughStatements)),
    section('Timing, milliseconds', timingText(scenario, columns)),
    section('Objectives unless told otherwise', bullets(scenario.objectives)),
    section(
      'Sources',
      scenario.sources
        .map(({ label, where }) => wrap(`[${label}] ${where}`, columns, '    ', '  '))
        .join('\n'),
    ),
  ].join('\n\n');
}

function enginesText(scenario: Scenario, columns: number): string {
  const told = `${scenario.engine} ${versionsTitle(scenario)} unless told otherwise`;
  const others = (scenario.otherEngines ?? []).map(
    ({ engine, versions }) => `${engine} ${versionsTitle({ ...scenario, versions })}`,
  );
  if (others.length === 0) return told;
  const also = wrap(`with --engine also: ${others.join(', ')}`, columns);
  return `${told}\n${also}`;
}

/** What a cluster of one instance has no need to tell. */
function clustersSection({ topology = oneCluster }: Scenario): string[] {
  if (instanceCount(topology) === 1) return [];
  return [
    `Clusters\n${clusterTexts(topology)
      .map((text) => `  - ${text}`)
      .join('\n')}`,
  ];
}

function wayBackSection({ phases }: Scenario, columns: number): string[] {
  const ways = phases.flatMap(({ name, back }) =>
    back === undefined ? [] : [wrap(`${name}: ${back.what}`, columns, '    ', '  - ')],
  );
  if (ways.length === 0) return [];
  return [`The way back from the end of each phase, rehearsed by --abort-at\n${ways.join('\n')}`];
}

function switchesSection({ switches }: Scenario, columns: number): string[] {
  if (switches.length === 0) return [];
  const texts = switches.map(
    ({ option, values, byDefault, why }) =>
      `  ${option} ${values}  (default: ${byDefault})\n${wrap(why, columns, '      ')}`,
  );
  return [`Switches\n${texts.join('\n')}`];
}

/** Those that a fault exercises, and those that are told only. */
function defectSections({ defects }: Scenario, columns: number): string[] {
  const sections = [
    ['Published defects that can be rehearsed, with --fault NAME', true],
    ['Published defects that are not rehearsed', false],
  ] as const;
  return sections.flatMap(([heading, exercised]) => {
    const texts = defects
      .filter((defect) => defect.exercised === exercised)
      .map(
        ({ name, what, source }) => `  ${name}\n${wrap(`${what} [${source}]`, columns, '      ')}`,
      );
    return texts.length === 0 ? [] : [`${heading}\n${texts.join('\n')}`];
  });
}

function timingText(scenario: Scenario, columns: number): string {
  return timingsOf(scenario)
    .map(({ name, typical, stress, observations, what, source }) => {
      const seen = observations === 0 ? 'assumed' : `observed ${observations}x`;
      return [
        `  ${name}  typical ${typical}  stress ${stress}  (${seen})`,
        wrap(what, columns, '      '),
        wrap(`source: ${source}`, columns, '      '),
      ].join('\n');
    })
    .join('\n');
}
