/** What a scenario of a user's own asks for that cannot be, each word of it known. Pure. */
import { resolve } from 'node:path';
import type { ClusterEngine } from '../../sim/sim.js';
import { UserError } from '../../sim/user-error.js';
import { parseObjective } from '../verdict/objective.js';
import type { KnownWorld } from './compile.js';
import type { Problem, ValuePath } from './problem.js';
import type { CheckedCondition, CheckedScenario, CheckedStep, CheckedUndoStep } from './schema.js';

type AnyStep = CheckedStep | CheckedUndoStep;

interface Placed {
  readonly step: AnyStep;
  readonly path: ValuePath;
  /** In a way back: what the procedure came to by then is not known, and a snapshot is put in. */
  readonly isBack: boolean;
}

/** Operations behind which there is somebody who follows the primary. */
const makesReplica: ReadonlySet<string> = new Set([
  ...['create-read-replica', 'create-green', 'create-blue-green-deployment'],
]);

/** Each objective that cannot be read. */
export function unreadableObjectives({ objectives = [] }: CheckedScenario): Problem[] {
  return objectives.flatMap((text, index): Problem[] => {
    try {
      parseObjective(text);
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const what = error.what.replace(/\.$/, '');
      return [{ code: 'OBJECTIVE_INVALID', path: ['objectives', index], what }];
    }
  });
}

/** Steps that could do nothing, or would fail whatever happens. */
export function impossibleSteps(
  checked: CheckedScenario,
  engine: ClusterEngine,
  known: Pick<KnownWorld, 'folder' | 'hasFolder'>,
): Problem[] {
  const placed = placedSteps(checked);
  const operations = placed.flatMap(({ step }) => ('operation' in step ? [step.operation] : []));
  const isFollowed = operations.some((one) => makesReplica.has(one));
  const firstSnapshot = placed.findIndex(({ step }) => step.step === 'snapshot');
  return placed.flatMap((one, index) => [
    ...otherEngines(one, engine),
    ...(isFollowed ? [] : nobodyFollows(one)),
    ...missingFolder(one, known),
    ...(firstSnapshot >= 0 && firstSnapshot < index ? [] : noSnapshot(one)),
  ]);
}

function otherEngines({ step, path }: Placed, engine: ClusterEngine): Problem[] {
  const problem = (written: unknown, key: string, at: ValuePath): Problem[] => {
    if (typeof written !== 'object' || written === null || Array.isArray(written)) return [];
    const servers = Object.keys(written);
    if (serversOf(engine).some((server) => servers.includes(server))) return [];
    const what = `there is none for ${engine} (there is for ${servers.join(', ') || 'nobody'})`;
    return [{ code: 'STATEMENTS_UNSUITED', path: [...at, key], what }];
  };
  if (step.step === 'sql') return problem(step.statements, 'statements', path);
  if (step.step === 'wait-until' && step.until.condition === 'sql')
    return problem(step.until.statement, 'statement', [...path, 'until']);
  return [];
}

/** MariaDB takes what is written for MySQL where nothing is for itself. */
function serversOf(engine: ClusterEngine): readonly string[] {
  if (engine === 'mariadb') return ['mariadb', 'mysql'];
  return engine === 'mysql' || engine === 'aurora-mysql' ? ['mysql'] : ['postgres'];
}

function nobodyFollows({ step, path }: Placed): Problem[] {
  const what = 'no operation here makes a replica, so that "replica" is nobody';
  const named = 'until' in step ? targetOf(step.until, [...path, 'until']) : onOf(step, path);
  return named
    .filter(({ target }) => target === 'replica')
    .map(({ path: at }) => ({ code: 'TARGET_MISSING', path: at, what }));
}

interface NamedTarget {
  readonly target: string | undefined;
  readonly path: ValuePath;
}

function onOf(step: AnyStep, path: ValuePath): NamedTarget[] {
  const of = (key: string, target: string | undefined) => ({ target, path: [...path, key] });
  if (step.step === 'compare') return [of('from', step.from), of('to', step.to)];
  return 'on' in step ? [of('on', step.on)] : [];
}

function targetOf(until: CheckedCondition, path: ValuePath): NamedTarget[] {
  if ('on' in until) return [{ target: until.on, path: [...path, 'on'] }];
  return 'of' in until ? [{ target: until.of, path: [...path, 'of'] }] : [];
}

function missingFolder(
  { step, path }: Placed,
  { folder, hasFolder }: Pick<KnownWorld, 'folder' | 'hasFolder'>,
): Problem[] {
  if (step.step !== 'shell' || step.folder === undefined) return [];
  if (hasFolder(resolve(folder, step.folder))) return [];
  const what = `there is no folder ${step.folder}`;
  return [{ code: 'FOLDER_MISSING', path: [...path, 'folder'], what }];
}

function noSnapshot({ step, path, isBack }: Placed): Problem[] {
  if (step.step !== 'restore' || isBack) return [];
  const what = 'no snapshot is taken before it that could be restored';
  return [{ code: 'SNAPSHOT_MISSING', path, what }];
}

/** Every step in the order of the file, those of ways back behind the others of their phase. */
function placedSteps({ phases = [], steps = [] }: CheckedScenario): Placed[] {
  return [
    ...inSteps(steps, ['steps'], false),
    ...phases.flatMap(({ steps: own, back }, index) => [
      ...inSteps(own, ['phases', index, 'steps'], false),
      ...inSteps(back?.steps ?? [], ['phases', index, 'back', 'steps'], true),
    ]),
  ];
}

function inSteps(steps: readonly AnyStep[], path: ValuePath, isBack: boolean): Placed[] {
  return steps.flatMap((step, index): Placed[] => {
    const here = [...path, index];
    const undo = 'undo' in step ? (step.undo ?? []) : [];
    return [{ step, path: here, isBack }, ...inSteps(undo, [...here, 'undo'], true)];
  });
}
