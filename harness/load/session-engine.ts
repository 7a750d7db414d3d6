/** The engines' application sessions, by the protocol that they speak. */
import type { WireEngine } from '../probe/target.js';
import { mysqlSessions } from './mysql/session-states.js';
import { postgresSessions } from './postgres/session-states.js';
import type { SessionEngine } from './session-state.js';

const engines: Readonly<Record<WireEngine, SessionEngine>> = {
  postgres: postgresSessions,
  mysql: mysqlSessions,
};

export function sessionEngineOf(engine: WireEngine): SessionEngine {
  return engines[engine];
}
