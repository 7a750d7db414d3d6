/**
 * How far a follower is behind right before it is promoted, whether anybody waited for it or not:
 * what is on its way then is what may be lost.
 */
import { appliedLag } from '../../engine/mysql/applied-lag.js';
import { subscriberLag } from '../../engine/postgres/subscriber-lag.js';
import { messageOf } from '../../user-error.js';
import type { ReplicaPair } from './subject.js';

interface Behind {
  readonly isAny: boolean;
  /** In the engine's own measures. */
  readonly text: string;
}

/** Tells it as a check. Never rejects: a promotion does not depend on it. */
export async function tellPromotionLag(pair: ReplicaPair): Promise<void> {
  const { replica, instance, source } = pair;
  const check = { when: 'before', name: 'lag at promotion' } as const;
  const who = `${instance.identifier} was promoted`;
  try {
    if (!source.serverRuns) {
      const detail = `${who} while ${source.identifier} did not run: its lag is not known`;
      return replica.tellCheck({ ...check, state: 'warning', detail });
    }
    const { isAny, text } = await behindOf(pair);
    const state = isAny ? 'warning' : 'ok';
    replica.tellCheck({ ...check, state, detail: `${who} ${text}` });
  } catch (error) {
    const detail = `${who} with a lag that was not measured: ${messageOf(error)}`;
    replica.tellCheck({ ...check, state: 'warning', detail });
  }
}

async function behindOf({ instance, source }: ReplicaPair): Promise<Behind> {
  const [from, to] = [source.member, instance.member];
  const of = `of ${source.identifier}`;
  if (from.protocolName === 'postgres' && to.protocolName === 'postgres') {
    const lag = await subscriberLag(from.admin, to.admin);
    if (lag === null) throw new Error('its source keeps no log for it');
    const sent = agoText('the latest message that it got was sent', lag.sentMsAgo);
    const text = `${lag.bytes} bytes of log behind what ${source.identifier} had written`;
    return { isAny: lag.bytes > 0n, text: lag.bytes > 0n ? text + sent : text };
  }
  if (from.protocolName !== 'mysql' || to.protocolName !== 'mysql')
    throw new Error('the two are of different engines');
  const lag = await appliedLag(from.admin, to.admin, to.flavour);
  const sent = agoText('the latest that it applied was committed there', lag.committedMsAgo);
  const text = `${lag.transactions} transactions ${of} behind`;
  return { isAny: lag.transactions > 0, text: lag.transactions > 0 ? text + sent : text };
}

function agoText(what: string, agoMs: number | null): string {
  if (agoMs === null) return '; the server tells no time of it';
  return `; ${what} ${Math.max(0, Math.round(agoMs))} ms before`;
}
