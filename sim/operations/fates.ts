/**
 * What becomes of every session that was there at T0: preserved, dropped for a reason, or left by
 * its own client. Each is told once, and none is forgotten.
 */
import type { ClusterRecord } from '../cluster/cluster.js';
import type { Session } from '../endpoint/session.js';
import { sessionKindOf } from '../endpoint/session-kind.js';

/** Why a session ended on the way, without the operation's doing. */
export type EndedOnTheWay = 'server-connection-lost' | 'broken-by-fault';

/** @typeParam R the operation's own reasons for dropping a session */
export class Fates<R extends string> {
  readonly #cluster: ClusterRecord;
  readonly #detailOf: (reason: R | EndedOnTheWay) => string;
  /** Sessions told as present, and whether their fate was told. */
  readonly #present = new Map<Session, boolean>();
  readonly #lost = new Map<Session, readonly string[]>();
  #preserved = 0;
  #dropped = 0;

  /** @param detailOf a reason in a sentence, with where it is documented */
  constructor(cluster: ClusterRecord, detailOf: (reason: R | EndedOnTheWay) => string) {
    this.#cluster = cluster;
    this.#detailOf = detailOf;
  }

  get preserved(): number {
    return this.#preserved;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Tells who is there. A client that left by itself before this was asked of nobody. */
  present(sessions: Iterable<Session>): void {
    for (const session of sessions) {
      if (this.#present.has(session) || session.endedBy === 'client') continue;
      this.#present.set(session, false);
      this.#tell(session, 'present', null, null);
    }
  }

  /** What a session that will be preserved has lost all the same. */
  lost(session: Session, what: readonly string[]): void {
    if (what.length > 0) this.#lost.set(session, what);
  }

  preserve(session: Session): void {
    this.#preserved++;
    this.#fate(session, 'preserved', null, null);
  }

  /** Ends the session as a server that is going down would, and tells why. */
  readonly drop = (session: Session, reason: R, why?: string): void =>
    this.lose(session, reason, () => session.drop(), why);

  /** Ends the session in a way of its own, and tells why. */
  lose(session: Session, reason: R, end: () => void, why?: string): void {
    end();
    this.#lose(session, reason, why ?? null);
  }

  /** Tells the fate of those that ended on the way. */
  settle(): void {
    for (const [session, told] of this.#present) {
      if (told || session.state !== 'closed') continue;
      if (session.endedBy === 'client') this.#fate(session, 'closed', null, null);
      else if (session.endedBy === 'server') this.#lose(session, 'server-connection-lost', null);
      else this.#lose(session, 'broken-by-fault', null);
    }
  }

  #lose(session: Session, reason: R | EndedOnTheWay, why: string | null): void {
    this.#dropped++;
    this.#fate(session, 'dropped', reason, why);
  }

  #fate(
    session: Session,
    stage: 'preserved' | 'dropped' | 'closed',
    reason: R | EndedOnTheWay | null,
    why: string | null,
  ): void {
    if (!this.#present.has(session)) this.#tell(session, 'present', null, null);
    this.#present.set(session, true);
    this.#tell(session, stage, reason, why);
  }

  #tell(
    session: Session,
    stage: 'present' | 'preserved' | 'dropped' | 'closed',
    reason: R | EndedOnTheWay | null,
    why: string | null,
  ): void {
    const lost = stage === 'preserved' ? this.#lost.get(session) : undefined;
    const detail = reason === null ? null : this.#detailOf(reason);
    this.#cluster.tellSession(session, {
      ...sessionKindOf(session.owner.applicationName),
      stage,
      reason,
      detail: why === null || detail === null ? detail : `${detail}: ${why}`,
      ...(lost === undefined ? {} : { lost: [...lost] }),
    });
  }
}
