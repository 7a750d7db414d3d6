import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorKinds } from '../../harness/history/entry.js';
import { mysqlDialect } from '../../harness/probe/mysql/dialect.js';
import { classify, readServerError } from '../../harness/probe/mysql/failure.js';

function serverError(errno: number, sqlState: string, message = 'x', code?: string): Error {
  return Object.assign(new Error(message), { errno, sqlState, code });
}

const readOnlyText =
  'The MySQL server is running with the --read-only option so it cannot execute this statement';

describe('classifying what a MySQL client is told', () => {
  it.each([
    [1040, '08004', 'Too many connections', 'too-many-connections'],
    [1045, '28000', "Access denied for user 'a'@'b'", 'auth'],
    [1044, '42000', 'Access denied for user to database', 'auth'],
    [1130, 'HY000', "Host 'h' is not allowed to connect", 'auth'],
    [1053, '08S01', 'Server shutdown in progress', 'shutting-down'],
    [1290, 'HY000', readOnlyText, 'read-only'],
    [1290, 'HY000', readOnlyText.replace('--read-only', '--super-read-only'), 'read-only'],
    [1290, 'HY000', 'running with the --secure-file-priv option', 'other'],
    [1836, 'HY000', 'Running in read-only mode', 'read-only'],
    [1792, '25006', 'Cannot execute statement in a READ ONLY transaction.', 'read-only'],
    [1243, 'HY000', 'Unknown prepared statement handler (1) given to execute', 'statement-lost'],
    [1317, '70100', 'Query execution was interrupted', 'other'],
    [1105, 'HY000', 'Unknown error', 'other'],
    [2013, 'HY000', 'Lost connection to MySQL server during query', 'closed'],
    [1927, '70100', 'Connection was killed', 'terminated'],
    [
      4031,
      'HY000',
      'The client was disconnected by the server because of inactivity',
      'terminated',
    ],
    [1213, '40001', 'Deadlock found', 'other'],
  ])('%i (%s) is told: %s', (number, sqlstate, message, kind) => {
    expect(classify(serverError(number, sqlstate, message, 'ER_X'), '').failure).toEqual({
      kind,
      sqlstate,
      code: 'ER_X',
      errorNumber: number,
      message,
    });
  });

  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['PROTOCOL_CONNECTION_LOST', 'closed'],
    ['HANDSHAKE_NO_SSL_SUPPORT', 'tls'],
    ['AUTH_SWITCH_PLUGIN_ERROR', 'auth'],
    ['ENOTFOUND', 'dns'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ])('%s is %s', (code, kind) => {
    const error = Object.assign(new Error(`connect ${code}`), { code, errno: -111 });
    const { failure, definite } = classify(error, '');
    expect(failure).toMatchObject({ kind, code, sqlstate: null });
    expect(failure.errorNumber).toBeUndefined();
    expect(definite).toBe(false);
  });

  it('calls definite only what surely did nothing, at COMMIT as well', () => {
    const definite = (number: number, sqlState: string, message = 'x') =>
      classify(serverError(number, sqlState, message), '').definite;
    // Refused: by read-only servers, constraints, locks, privileges, the parser.
    for (const [number, state] of [
      [1290, 'HY000'],
      [1836, 'HY000'],
      [1792, '25006'],
      [1062, '23000'],
      [1205, 'HY000'],
      [1213, '40001'],
      [1142, '42000'],
      [1146, '42S02'],
      [1243, 'HY000'],
      [3819, 'HY000'],
    ] as const)
      expect([number, definite(number, state)]).toEqual([number, true]);
    // In doubt: the session or the statement was ended, or the server does not know itself.
    for (const [number, state] of [
      [1053, '08S01'],
      [1105, 'HY000'],
      [1180, 'HY000'],
      [1317, '70100'],
      [1927, '70100'],
      [2013, 'HY000'],
      [4031, 'HY000'],
      [1158, '08S01'],
      [1021, 'HY000'],
      [1598, 'HY000'],
      [9999, ''],
    ] as const)
      expect([number, definite(number, state)]).toEqual([number, false]);
  });

  it('never lets a password through, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 3, maxLength: 40 }).filter((text) => !/\s/.test(text)),
        fc.string(),
        fc.boolean(),
        (password, around, isServer) => {
          fc.pre(!'[redacted]'.includes(password) && !'unknown error…'.includes(password));
          const text = `${around} ${password} ${around}`;
          const error = isServer ? serverError(1045, '28000', text) : new Error(text);
          expect(classify(error, password).failure.message.includes(password)).toBe(false);
        },
      ),
    );
  });

  it('takes anything at all without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const { failure } = classify(anything, 'secret');
        expect(errorKinds).toContain(failure.kind);
        expect(failure.message.length).toBeLessThanOrEqual(300);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const error = readServerError(Buffer.from([0xff, ...bytes]));
        expect(error === null || Number.isInteger(error.number)).toBe(true);
      }),
    );
  });
});

describe('what a MySQL server says that it is', () => {
  it.each([
    ['9.7.4-2', { version: '9.7.4', flavour: 'MySQL' }],
    ['8.0.36', { version: '8.0.36', flavour: 'MySQL' }],
    ['10.11.19-MariaDB-0+deb12u1', { version: '10.11.19', flavour: 'MariaDB' }],
    ['8.0.mysql_aurora.3.05.2', { version: '8.0.mysql_aurora.3.05.2', flavour: 'MySQL' }],
  ])('%s', (told, identity) => {
    expect(mysqlDialect.identityOf([told, null])).toEqual(identity);
    expect(mysqlDialect.identityOf([told, 'db-1'])).toEqual({ ...identity, host: 'db-1' });
  });

  it('may be nothing', () => {
    expect(mysqlDialect.identityOf(undefined)).toBeNull();
    expect(mysqlDialect.identityOf([null, null])).toBeNull();
  });

  it('quotes text so that no backslash matters', () => {
    expect(mysqlDialect.quoteText("it's")).toBe("'it''s'");
    expect(mysqlDialect.quoteText("\\'")).toBe('CONVERT(0x5c27 USING utf8mb4)');
    expect(mysqlDialect.quoteName('a`b')).toBe('`a``b`');
  });
});
