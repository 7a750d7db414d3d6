import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorKinds } from '../../harness/history/entry.js';
import { classify } from '../../harness/probe/postgres/failure.js';

function databaseError(code: string, message: string, severity = 'FATAL'): Error {
  return Object.assign(new Error(message), { code, severity });
}

function systemError(code: string, message = `connect ${code}`): Error {
  return Object.assign(new Error(message), { code });
}

describe('classifying what a client is told', () => {
  it.each([
    ['57P03', 'the database system is starting up', 'starting-up'],
    ['57P03', 'the database system is shutting down', 'shutting-down'],
    ['57P03', 'the database system is in recovery mode', 'starting-up'],
    ['57P03', 'the database system is not yet accepting connections', 'starting-up'],
    ['57P01', 'terminating connection due to administrator command', 'terminated'],
    ['57P02', 'terminating connection because of crash of another server process', 'terminated'],
    ['25006', 'cannot execute INSERT in a read-only transaction', 'read-only'],
    ['26000', 'prepared statement "s1" does not exist', 'statement-lost'],
    ['53300', 'sorry, too many clients already', 'too-many-connections'],
    ['28P01', 'password authentication failed for user "a"', 'auth'],
    ['28000', 'no pg_hba.conf entry', 'auth'],
    ['08006', 'connection failure', 'closed'],
    ['3D000', 'database "x" does not exist', 'other'],
  ])('%s %s is %s', (code, message, kind) => {
    const { failure } = classify(databaseError(code, message), '');
    expect(failure).toEqual({ kind, sqlstate: code, code: null, message });
  });

  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['EHOSTUNREACH', 'other'],
  ])('%s is %s', (code, kind) => {
    expect(classify(systemError(code), '').failure).toMatchObject({ kind, code, sqlstate: null });
  });

  it.each([
    ['Connection terminated unexpectedly', 'closed'],
    ['Connection terminated', 'closed'],
    ['Client has encountered a connection error and is not queryable', 'closed'],
    ['timeout expired', 'timeout'],
    ['timeout exceeded when trying to connect', 'timeout'],
    ['Connection terminated due to connection timeout', 'timeout'],
    ['Query read timeout', 'timeout'],
    ['The server does not support SSL connections', 'tls'],
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'auth'],
  ])('the codeless "%s" is %s', (message, kind) => {
    const { failure, definite } = classify(new Error(message), '');
    expect(failure).toMatchObject({ kind, code: null, sqlstate: null });
    expect(definite).toBe(false);
  });

  it('reads the addresses that Node tried and reports together', () => {
    const error = Object.assign(
      new AggregateError([systemError('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432')]),
      { code: 'ECONNREFUSED' },
    );
    expect(classify(error, '').failure).toMatchObject({
      kind: 'refused',
      message: 'connect ECONNREFUSED ::1:5432',
    });
  });

  it('calls only a plain refusal of the server definite', () => {
    const definite = (code: string, severity: string) =>
      classify(databaseError(code, 'x', severity), '').definite;
    expect(definite('23505', 'ERROR')).toBe(true);
    expect(definite('25006', 'ERROR')).toBe(true);
    expect(definite('40001', 'ERROR')).toBe(true);
    expect(definite('40003', 'ERROR')).toBe(false);
    expect(definite('08P01', 'ERROR')).toBe(false);
    expect(definite('57P01', 'FATAL')).toBe(false);
    expect(definite('53100', 'PANIC')).toBe(false);
  });

  it.each([
    ['08P01', 'server login has been failing, try again later (server_login_retry)', true],
    ['08P01', 'server login failed: wrong password', true],
    ['08P01', 'query_wait_timeout', true],
    ['57P03', 'the database system is shutting down', true],
    ['53300', 'sorry, too many clients already', true],
    ['08P01', 'server conn crashed?', false],
    ['08P01', 'query_timeout', false],
  ])('a pooler that says %s "%s" has lent nothing yet: %s', (code, message, definite) => {
    expect(classify(databaseError(code, message), '').definite).toBe(definite);
  });

  it('never lets a password through, whatever the text', () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'binary', minLength: 3, maxLength: 40 })
          .filter((text) => !/\s/.test(text)),
        fc.string(),
        fc.string(),
        (password, before, after) => {
          fc.pre(!'[redacted]'.includes(password) && !'unknown error…'.includes(password));
          const { failure } = classify(new Error(`${before} ${password} ${after}`), password);
          expect(failure.message.includes(password)).toBe(false);
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
  });
});
