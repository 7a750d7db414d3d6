/**
 * The conductor's thread: puts world and harness together for one run and lets it go. The main
 * thread keeps the terminal; the probes have a thread of their own below this one.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ConductorData, LastWord, ToConductor } from '../harness/conductor/protocol.js';
import type { Outside } from '../harness/conductor/steps/step-end.js';
import type { Entry, EntryDraft, RecordEntry } from '../harness/history/entry.js';
import { note, recorder } from '../harness/history/record.js';
import { readLedger } from '../harness/load/readback.js';
import { prepareSchema } from '../harness/load/schema.js';
import { ProbeWorker } from '../harness/probe/probe-worker.js';
import { runPlan } from '../harness/run.js';
import { type Clock, systemClock } from '../sim/clock.js';
import { createSim } from '../sim/create-sim.js';
import { requireOffered } from '../sim/database/require-offered.js';
import type { SimEvent } from '../sim/events.js';
import type { Sim } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';
import { giveAccess } from './access-file.js';
import { remoteApprovals } from './approval.js';
import { planDoorway } from './doorway.js';
import { removeLeftovers } from './leftovers.js';
import { makeProvider } from './servers/providers.js';
import { stepSurroundings } from './step-surroundings.js';

/** For the ledger of a restored cluster. */
const readTimeoutMs = 60_000;

async function conduct(
  data: ConductorData,
  stop: AbortSignal,
  approve: Outside['approve'],
): Promise<LastWord> {
  const { anchor, history } = data;
  const clock = systemClock(anchor);
  const write = (entry: Entry): void => history.postMessage({ type: 'entry', entry });
  const record = recorder('conductor', write);
  const surroundings = stepSurroundings(data.folder);
  try {
    const { completed, reason } = await runPlan({
      ...data,
      clock,
      record,
      stop,
      makeSim: () => makeSim(data, clock, record, write),
      onCluster: (cluster, through) => giveAccess(cluster, data.accessFile, clock, record, through),
      outside: { environment: surroundings.environment, approve },
      prepareSchema: (admin, user) => prepareSchema(admin, user, clock),
      readLedger: (target) => readLedger({ target, clock, timeoutMs: readTimeoutMs }),
      instruments: new ProbeWorker({ clock }),
      instrumentsHistory: data.probesHistory,
    });
    return { type: 'ended', completed, reason };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, what, todo, exit } = error;
    return { type: 'refused', error: { code, what, todo, exit } };
  } finally {
    surroundings.end();
  }
}

/** Clears what dead runs left, gets the servers' binaries, and makes an empty world. */
async function makeSim(
  { plan }: ConductorData,
  clock: Clock,
  record: RecordEntry,
  write: (entry: Entry) => void,
): Promise<Sim> {
  const { servers, offline } = plan;
  const announce = (text: string): void => note(record, clock, 'info', 'fetch', text);
  const provider = await makeProvider(servers.provider, { clock, offline, announce, ...servers });
  const usesDocker = servers.provider === 'docker' || plan.doorway !== null;
  const { removed, failed } = await removeLeftovers(clock, usesDocker);
  for (const { kind, name } of removed)
    note(record, clock, 'info', 'reaped', `removed what a dead run left: ${kind} ${name}`);
  for (const { kind, name, why } of failed)
    note(record, clock, 'warning', 'not-reaped', `a dead run left ${kind} ${name}: ${why}`);
  for (const version of new Set([servers.from, servers.to])) {
    await provider.prepare(servers.engine, version);
    await requireOffered(provider, servers.engine, version, plan.database.needs);
  }
  const tell = recorder('world', write);
  const emit = (event: SimEvent): void =>
    tell({ ...event, subject: { ...event.subject } } as EntryDraft);
  // Last, so that nothing can go wrong between it and the world that removes it.
  const doorway = await planDoorway(plan, clock, record);
  const through = doorway === undefined ? {} : { doorway };
  return createSim({ clock, seed: plan.seed, emit, provider, ...through });
}

function serve(terminal: MessagePort, data: ConductorData): void {
  const stop = new AbortController();
  const approvals = remoteApprovals(terminal);
  terminal.on('message', (message: ToConductor) => {
    if (message.type === 'stop') stop.abort(new Error(message.reason));
    else approvals.take(message.answer);
  });
  const answer = async (): Promise<void> => {
    terminal.postMessage(await conduct(data, stop.signal, approvals.approve));
  };
  // A defect ends this thread with its error, which the terminal's thread then tells.
  void answer();
}

if (parentPort !== null) serve(parentPort, workerData as ConductorData);
