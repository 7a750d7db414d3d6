/**
 * What AWS tells of a blue/green deployment. Texts, ids and categories: AmazonRDS
 * UserGuide/USER_Events.Messages.html and AuroraUserGuide/USER_Events.Messages.html, where the
 * deployment is the source. All are modelled. AWS documents no order; here it is that of the steps
 * (blue-green-deployments-switching.html).
 */
import type { Told } from '../told.js';

const of = (category: string, eventId: string, message: string): Told => ({
  source: 'deployment',
  message,
  eventId,
  categories: [category],
});

/** Who changes places, as AWS names them. */
export interface Named {
  readonly blue: string;
  readonly green: string;
}

/** What a member is called in a text: a cluster of Aurora, an instance of RDS by its role. */
export type MemberKind = 'DB cluster' | 'primary' | 'read replica';

export const tasksCompleted = of(
  'creation',
  'RDS-EVENT-0244',
  'Blue/green deployment tasks completed. You can make more modifications to the green ' +
    'environment databases or switch over the deployment.',
);

export const creationFailed = (reason: string): Told =>
  of('failure', 'RDS-EVENT-0245', `Creation of blue/green deployment failed because ${reason}.`);

export const deleted = of('deletion', 'RDS-EVENT-0246', 'Blue/green deployment deleted.');

export const started = ({ blue, green }: Named): Told =>
  of('notification', 'RDS-EVENT-0247', `Switchover from ${blue} to ${green} started.`);

export const completed = of(
  'notification',
  'RDS-EVENT-0248',
  'Switchover completed on blue/green deployment.',
);

export const canceled = of(
  'failure',
  'RDS-EVENT-0249',
  'Switchover canceled on blue/green deployment.',
);

export const memberStarted = (kind: MemberKind, { blue, green }: Named): Told =>
  of(
    'notification',
    kind === 'DB cluster' ? 'RDS-EVENT-0259' : 'RDS-EVENT-0250',
    `Switchover from ${kind} ${blue} to ${green} started.`,
  );

export const memberCompleted = (kind: MemberKind, { blue, green }: Named, old: string): Told =>
  of(
    'notification',
    kind === 'DB cluster' ? 'RDS-EVENT-0260' : 'RDS-EVENT-0251',
    `Switchover from ${kind} ${blue} to ${green} completed. ` +
      `Renamed ${blue} to ${old} and ${green} to ${blue}.`,
  );

export const memberCanceled = (kind: MemberKind, { blue, green }: Named, reason: string): Told =>
  of(
    'failure',
    kind === 'DB cluster' ? 'RDS-EVENT-0261' : 'RDS-EVENT-0252',
    `Switchover from ${kind} ${blue} to ${green} was canceled due to ${reason}.`,
  );

/** Ids of RDS and of Aurora. */
const sequenceIds = {
  initiated: ['RDS-EVENT-0307', 'RDS-EVENT-0311'],
  completed: ['RDS-EVENT-0308', 'RDS-EVENT-0312'],
  cancelled: ['RDS-EVENT-0310', 'RDS-EVENT-0314'],
} as const;

const sequences = (
  category: string,
  what: keyof typeof sequenceIds,
  kind: MemberKind,
  { blue, green }: Named,
  end: string,
): Told =>
  of(
    category,
    sequenceIds[what][kind === 'DB cluster' ? 1 : 0],
    `Sequence sync for switchover of ${blue} to ${green} ${end}`,
  );

export const sequencesInitiated = (kind: MemberKind, named: Named): Told =>
  sequences(
    'notification',
    'initiated',
    kind,
    named,
    'has initiated. Switchover when using sequences may lead to extended downtime.',
  );

export const sequencesCompleted = (kind: MemberKind, named: Named): Told =>
  sequences('notification', 'completed', kind, named, 'has completed.');

export const sequencesCancelled = (kind: MemberKind, named: Named): Told =>
  sequences('failure', 'cancelled', kind, named, 'was cancelled because sequences failed to sync.');

/** Of the new writer, on MySQL and MariaDB: where external replicas go on. AWS documents no id. */
export const binaryLogCoordinates = (file: string, position: number): Told => ({
  source: 'instance',
  message:
    'Binary log coordinates in green environment after switchover: ' +
    `file ${file} and position ${position}`,
  eventId: null,
  categories: [],
});
