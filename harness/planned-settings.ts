/** What a plan tells of itself by name: the settings of the history's first entry. Pure. */
import { formatDuration } from './duration.js';
import type { PatchChoices, PlannedDoorway, PlanRequest, RunPlan, ServedServers } from './plan.js';
import type { Phase } from './scenario.js';
import type { Switched } from './switches.js';

type Settings = RunPlan['settings'];

export function settingsOf(
  request: PlanRequest,
  phases: readonly Phase[],
  switched: Switched,
): Settings {
  const waits = phases.flatMap((phase) =>
    phase.steps.flatMap((step) =>
      step.step === 'wait' && step.option !== undefined
        ? [[step.option, formatDuration(step.durationMs)] as const]
        : [],
    ),
  );
  const edge = request.edgeIntervalMs;
  const { servers } = request;
  return {
    servers: servers.why,
    timing: request.timing.label,
    pace: request.pace,
    interval: formatDuration(request.intervalMs),
    timeout: request.timeoutMs === null ? 'by lane' : formatDuration(request.timeoutMs),
    edgeInterval: edge === null ? 'off' : formatDuration(edge),
    ...Object.fromEntries(waits),
    sessions: request.sessions?.label ?? 'default',
    writesPerSecond: request.writesPerSecond,
    ...patchSettings(request.patch),
    ...switched.settings,
    ...pendingSettings(request),
    faults: request.faults.map((fault) =>
      fault.kind === 'defect' ? fault.name : fault.fault.text,
    ),
    offline: request.offline,
    ...(request.rollback === true ? { rollback: true } : {}),
    ...(request.abortAt === undefined || request.abortAt === null
      ? {}
      : { abortAt: request.abortAt }),
    ...request.database?.settings,
    ...imageSettings(servers),
    ...doorwaySettings(request.doorway ?? null),
    ...throughSettings(request),
  };
}

function patchSettings(patch: PatchChoices | null): Settings {
  if (patch === null) return {};
  const { longRunningMs, lateSessions, preparedStatements, lastInsertId } = patch;
  return {
    longRunning: formatDuration(longRunningMs),
    lateSessions,
    preparedStatements,
    ...(lastInsertId === null ? {} : { lastInsertId }),
  };
}

/** Where parameters that wait for a reboot are a choice of the scenario's. */
function pendingSettings({ scenario, pendingParameters }: PlanRequest): Settings {
  const has = scenario.switches.some(({ option }) => option === '--pending-parameter');
  return has ? { pendingParameters: [...pendingParameters] } : {};
}

function doorwaySettings(doorway: PlannedDoorway | null): Settings {
  if (doorway === null) return {};
  const { alias, port, network } = doorway;
  return { networkAlias: `${alias}:${port}`, ...(network === null ? {} : { network }) };
}

function throughSettings({ through }: PlanRequest): Settings {
  return through === undefined || through === null ? {} : { through: through.label };
}

function imageSettings({ images, imagePrefix }: ServedServers): Settings {
  const named = Object.entries(images).map(([engine, image]) => `${engine}=${image}`);
  return {
    ...(named.length === 0 ? {} : { images: named }),
    ...(imagePrefix === null ? {} : { imagePrefix }),
  };
}
