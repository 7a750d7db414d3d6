import { expect, it } from 'vitest';
import { requiredPrograms } from '../support/programs.js';

it('programs that tests must find are named by names that tests know', () => {
  expect(requiredPrograms('docker, mysql,psql')).toEqual(['docker', 'mysql', 'psql']);
  expect(requiredPrograms('')).toEqual(['']);
  expect(() => requiredPrograms('mysql,pstgres')).toThrow(/names pstgres,.* known: .*psql/);
});
