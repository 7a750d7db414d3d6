/** What many application sessions ask of the server and of our own limits. */
import { atOnceMax } from '../load/sessions.js';
import type { RunPlan } from '../plan.js';
import { verifyTimeoutMs } from '../probe/instruments.js';

/** Servers allow 100 connections or more when they are told nothing. */
const enoughFor = 20;
/** For our own connections, and for clients of the user's that join. */
const roomForOthers = 100;
/** One session is opened in some milliseconds, on a busy machine in some tens of them. */
const openMsEach = 50;

type Sessions = Pick<RunPlan, 'sessions'>;

function total({ sessions }: Sessions): number {
  return sessions.reduce((sum, { count }) => sum + count, 0);
}

/** Parameters of the server with which all sessions of the plan can be open at once. */
export function connectionParameters(plan: Sessions): Readonly<Record<string, string>> {
  const count = total(plan);
  return count <= enoughFor ? {} : { max_connections: String(count + roomForOthers) };
}

/** How much longer than a few sessions the plan's may take to open. */
export function openingMs(plan: Sessions): number {
  return total(plan) * openMsEach;
}

/** How long examining them may take, where none of them answers. */
export function examiningMs(plan: Sessions): number {
  return Math.ceil(total(plan) / atOnceMax) * verifyTimeoutMs;
}
