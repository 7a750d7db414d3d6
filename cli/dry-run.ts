/** `rehearse run --dry-run`: the schedule and every drawn value; nothing is started. */
import { formatDuration } from '../harness/duration.js';
import { versionsTitle } from '../harness/engines.js';
import type { RunPlan } from '../harness/plan.js';
import type { Scenario } from '../harness/scenario.js';
import type { Step } from '../harness/step.js';
import { isTold, stepText } from '../harness/step-text.js';
import { clusterTexts, instanceCount } from '../harness/topology.js';
import { table, wrap } from './text.js';

/** The plan as one JSON value. */
export function dryRunDocument(plan: RunPlan): Record<string, unknown> {
  return {
    dryRun: true,
    scenario: plan.scenario,
    title: plan.title,
    seed: plan.seed,
    servers: {
      provider: plan.servers.provider,
      engine: plan.engine,
      from: plan.versions.from,
      to: plan.versions.to,
      awsFrom: plan.versions.awsFrom,
      awsTo: plan.versions.awsTo,
      upgrade: plan.upgrade,
      served: plan.servers,
    },
    topology: plan.topology,
    phases: plan.phases,
    expectedT0Ms: plan.expectedT0Ms,
    schedule: plan.schedule,
    lanes: plan.lanes.map(({ spec, phaseMs }) => ({ ...spec, phaseMs })),
    sessions: { from: plan.sessionsFrom, sessions: plan.sessions },
    faults: plan.faults,
    defects: plan.defects,
    publishedDefects: plan.publishedDefects,
    objectives: plan.objectives,
    settings: plan.settings,
  };
}

/** The plan as text. */
export function dryRunText(scenario: Scenario, plan: RunPlan, columns: number): string {
  const { awsFrom, awsTo } = plan.versions;
  const section = (heading: string, body: string): string => `${heading}\n${body}`;
  return [
    `${plan.scenario}  ${plan.engine} ${versionsTitle(plan)}  seed ${plan.seed}\n` +
      `AWS: ${versionsTitle({ ...plan, versions: { from: awsFrom, to: awsTo } })}`,
    wrap(`Servers: ${plan.servers.why}`, columns, '  ', ''),
    'Dry run: nothing was started.',
    ...clustersSection(plan, section),
    section('Phases', table(phaseRows(plan), '  ')),
    section(
      'Drawn values, milliseconds',
      table(
        plan.schedule.map(({ name, value }) => [name, String(value)]),
        '  ',
      ),
    ),
    section('Application sessions', `  ${sessionsLine(plan)}`),
    section(
      'Faults',
      table(
        [...plan.defects.map((name) => [name, 'published defect']), ...faultRows(plan)],
        '  ',
      ) || '  none',
    ),
    section('Objectives', plan.objectives.map((objective) => `  ${objective}`).join('\n')),
    section(
      'Settings',
      table(
        Object.entries(plan.settings).map(([name, value]) => [name, String(value)]),
        '  ',
      ),
    ),
    wrap(`T0 is expected ${formatDuration(plan.expectedT0Ms)} after the begin.`, columns),
    wrap(`Where the values come from: rehearse describe ${scenario.name}`, columns),
  ].join('\n\n');
}

/** What a cluster of one instance has no need to tell. */
function clustersSection(
  { topology }: RunPlan,
  section: (heading: string, body: string) => string,
): string[] {
  if (instanceCount(topology) === 1) return [];
  const lines = clusterTexts(topology).map((text) => `  ${text}`);
  return [section('Clusters', lines.join('\n'))];
}

function phaseRows(plan: RunPlan): string[][] {
  return plan.phases.map((phase) => [phase.name, phase.steps.map(phaseStepText).join(', ')]);
}

function phaseStepText(step: Step): string {
  if (step.name !== undefined) return step.name;
  if (step.step === 'start') return `start ${step.operation}, until T0`;
  if (step.step === 'finish') return `${step.operation} to its end`;
  return isTold(step) ? `${step.step} ${stepText(step)}` : stepText(step);
}

function faultRows(plan: RunPlan): string[][] {
  return plan.faults.map((fault) => {
    const zero = fault.from === 't0' ? 'T0' : 'begin';
    const sign = fault.offsetMs < 0 ? '-' : '+';
    const length =
      fault.durationMs === null ? 'to the end' : `for ${formatDuration(fault.durationMs)}`;
    return [fault.text, `${zero}${sign}${formatDuration(Math.abs(fault.offsetMs))}`, length];
  });
}

function sessionsLine(plan: RunPlan): string {
  const list = plan.sessions.map(({ kind, count }) => `${kind}=${count}`).join(', ') || 'none';
  return plan.sessionsFrom === 'default' ? `${list} (default sessions, not yours)` : list;
}
