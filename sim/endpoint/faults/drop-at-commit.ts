/** Connections broken at a COMMIT: before the server gets it, or behind it with its answer. */
import { isCommit, type StatementRuling } from '../statement-hook.js';
import type { FaultKind, SessionsOf } from './fault.js';
import { isOf } from './sessions-of.js';

const value = { unit: 'count', example: '3', valueMax: 1_000_000, usual: 1_000_000 } as const;

function breakingOff(name: string, what: string, ruling: StatementRuling): FaultKind {
  return {
    name,
    what,
    value,
    takesSessions: true,
    begin: (count, sessions) => {
      let left = count;
      return {
        name,
        statements: {
          mayMatter: () => left > 0,
          onStatement: (sql, stage, { owner }) => {
            if (stage !== 'run' || left === 0 || !isCommit(sql) || !isOf(sessions, owner))
              return 'pass';
            left--;
            return ruling;
          },
        },
        unmet: () => (left < count ? null : `no ${whose(sessions)} sent a COMMIT`),
      };
    },
  };
}

function whose(sessions: SessionsOf | undefined): string {
  return sessions === undefined ? 'session' : `session of the ${sessions}`;
}

/** What was to be committed is surely lost. */
export const dropBeforeCommit = breakingOff(
  'drop-before-commit',
  'resets a session when its COMMIT comes, before the server gets it: so many of them, or all',
  'cut',
);

/** The in-doubt case: it is committed, and its client does not know. */
export const dropAfterCommit = breakingOff(
  'drop-after-commit',
  'resets a session when the server has answered its COMMIT, which the client does not read',
  'cut-answer',
);
