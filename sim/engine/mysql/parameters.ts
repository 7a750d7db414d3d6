/** Server parameters of a running MySQL or MariaDB: what can change without a restart. */

import { EngineError } from '../ask.js';
import type { ParameterKind } from '../parameter-kind.js';
import type { MysqlAdmin } from './admin.js';
import { identifier, literal } from './quoting.js';

/** ER_INCORRECT_GLOBAL_LOCAL_VAR: the variable can be read only. */
const readOnlyVariable = 1238;

/** Found by setting it to the value that it has, which changes nothing. */
export async function parameterKind(admin: MysqlAdmin, name: string): Promise<ParameterKind> {
  const value = await parameterValue(admin, name);
  if (value === undefined) return 'unknown';
  try {
    await setParameter(admin, name, value);
    return 'dynamic';
  } catch (error) {
    if (error instanceof EngineError && error.number === readOnlyVariable) return 'static';
    throw error;
  }
}

/** Sets it for the server, until its next start. @throws EngineError in the server's words */
export async function setParameter(admin: MysqlAdmin, name: string, value: string): Promise<void> {
  const isNumber = /^-?\d+(\.\d+)?$/.test(value);
  await admin.query(`set global ${identifier(name)} = ${isNumber ? value : literal(value)}`);
}

/** What is in force; undefined where there is no such variable. */
export async function parameterValue(admin: MysqlAdmin, name: string): Promise<string | undefined> {
  const like = name
    .toLowerCase()
    .replaceAll('-', '_')
    .replaceAll(/[\\_%]/g, '\\$&');
  const [row] = await admin.ask(`show global variables like ${literal(like)}`);
  return row?.[1] ?? undefined;
}
