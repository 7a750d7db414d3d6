/** What a pooler between clients and the writer added, in sentences. Pure. */
import { boundsText, shortMs, type TextOptions } from '../report/text.js';
import type { ThroughReport, ThroughSideReport } from './through-report.js';

/** One for each lane, then what the pooling endpoint itself told. */
export function throughTexts(through: ThroughReport | null, options: TextOptions): string[] {
  if (through === null) return [];
  const lanes = through.lanes.map(
    (lane) =>
      `${lane.kind}: ${sideText(lane.through, options)}; at the endpoint itself ` +
      `${sideText(lane.direct, options)}; ${addedText(lane.added)}${waitText(lane)}`,
  );
  return [whatText(through), ...lanes, ...poolingTexts(through.pooling)];
}

function whatText({ what }: ThroughReport): string {
  const isOurs = /^rds-proxy\b/.test(what);
  return `${what}: ${isOurs ? 'modelled on RDS Proxy, by this tool' : 'the program itself'}`;
}

function sideText(side: ThroughSideReport, options: TextOptions): string {
  const { sessionsLost, errors, slowestMs } = side;
  const parts = [`down ${boundsText(side.downtime, options)}`];
  if (sessionsLost === 0) parts.push('session kept');
  else if (sessionsLost !== null) parts.push(`session lost ${times(sessionsLost)}`);
  const told = Object.entries(errors).map(([name, count]) => `${count} x ${name}`);
  if (told.length > 0) parts.push(told.join(', '));
  if (slowestMs !== null) parts.push(`slowest answer ${shortMs(slowestMs)}`);
  return parts.join(', ');
}

function addedText({ lowerMs, upperMs, estimateMs }: ThroughReport['lanes'][number]['added']) {
  const most = upperMs === null ? 'any time' : signed(upperMs);
  const least = lowerMs === null ? 'any time' : signed(lowerMs);
  return `the difference is ${signed(estimateMs)} (${least} to ${most})`;
}

/** A request that waits is answered, and so is down for nobody: it is told beside. */
function waitText({ direct, through }: ThroughReport['lanes'][number]): string {
  const [directMs, throughMs] = [direct.slowestMs ?? 0, through.slowestMs ?? 0];
  if (throughMs - directMs < waitToldMs) return '';
  return `, but an answer was waited for ${shortMs(throughMs)}, which is no downtime here`;
}

const waitToldMs = 1_000;

function signed(ms: number): string {
  return ms < 0 ? `-${shortMs(-ms)}` : `+${shortMs(ms)}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function poolingTexts(pooling: ThroughReport['pooling']): string[] {
  if (pooling === null) return [];
  const { keptIdle, ended, pinned } = pooling;
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ');
  const endedText = list(ended);
  const pinnedText = list(pinned);
  return [
    keptIdle === null ? '' : `idle sessions kept while the writer was away: ${keptIdle}`,
    endedText === '' ? '' : `sessions ended: ${endedText}`,
    pinnedText === '' ? '' : `sessions pinned: ${pinnedText}`,
  ].filter((text) => text !== '');
}
