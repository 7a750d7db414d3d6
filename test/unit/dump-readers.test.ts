/** Dumps are read the same however their bytes are cut. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DumpError,
  type DumpPart,
  type DumpReader,
  firstWords,
} from '../../sim/database/dump-reader.js';
import { MysqlDumpReader } from '../../sim/database/mysql/dump-reader.js';
import { PostgresDumpReader } from '../../sim/database/postgres/dump-reader.js';

type Told = string | { readonly rows: string } | { readonly command: string };

/** What a reader makes of a text, cut before each of the offsets. */
function read(reader: DumpReader, bytes: Buffer, cuts: readonly number[]): [Told, number][] {
  const ends = [...cuts, bytes.length];
  const parts: DumpPart[] = [];
  let from = 0;
  for (const end of ends) {
    parts.push(...reader.push(bytes.subarray(from, end)));
    from = Math.max(from, end);
  }
  parts.push(...reader.end());
  const told: [Told, number][] = [];
  let rows: string | null = null;
  for (const part of parts) {
    if (part.kind === 'rows') rows = (rows ?? '') + part.bytes.toString('latin1');
    else if (part.kind === 'copy-end') {
      told.push([{ rows: rows ?? '' }, 0]);
      rows = null;
    } else if (part.kind === 'command') told.push([{ command: part.text }, part.line]);
    else told.push([part.sql.toString('utf8'), part.line]);
  }
  return told;
}

const postgres = (text: string, cuts: readonly number[] = []) =>
  read(new PostgresDumpReader(), Buffer.from(text), cuts);
const mysql = (text: string, cuts: readonly number[] = []) =>
  read(new MysqlDumpReader(), Buffer.from(text), cuts);
const sqlOf = (told: readonly [Told, number][]): Told[] => told.map(([what]) => what);

const postgresDump = `\\restrict abc
-- it's a comment; with a semicolon
SET standard_conforming_strings = on;
/* block /* nested; ' */ ; */
CREATE TABLE "od;d" (a int DEFAULT 1, b text DEFAULT 'it''s; \\', c text DEFAULT E'\\'; \\\\');

COPY public.t (id, note) FROM stdin;
1\tfirst; '
2\t\\.x
\\.

CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $_$
BEGIN
  PERFORM 1; -- $$
  RETURN $q$ ; $q$;
END; $_$;
CREATE OR REPLACE FUNCTION g(i int) RETURNS int LANGUAGE sql
  BEGIN ATOMIC SELECT CASE WHEN i > 0 THEN 1 ELSE 2 END; SELECT 3; END;
CREATE RULE r AS ON UPDATE TO t DO ALSO (SELECT 1; SELECT 2);
SELECT $1, a$b$c, type'x;', 5-3, 6/2;
COPY empty (id) FROM stdin;
\\.
\\connect orders
SELECT 'last'`;

const mysqlDump = `/*M!999999\\- enable the sandbox mode */
-- MariaDB dump; it's one
/*!40101 SET NAMES utf8mb4 */;
# also; a comment
/* plain; */
CREATE TABLE \`od;d\` (a int DEFAULT 5--3, b text COMMENT 'it''s; \\'', c text COMMENT "x;\\"y");
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`a\`@\`%\`*/ /*!50003 TRIGGER t BEFORE INSERT ON x
FOR EACH ROW BEGIN SET NEW.a = 1; SET NEW.b = ';;'; END */;;
DELIMITER ;
INSERT INTO x VALUES (1,'a\\\\'),(2,'--'),(3,'/*');
delimiter //
create procedure p() begin select 1; select 4/2; end//
delimiter ;
SELECT 'last' -- no end
`;

describe('of Postgres', () => {
  test('statements, rows and commands, each at its line', () => {
    const told = postgres(postgresDump);
    expect(sqlOf(told)).toEqual([
      { command: '\\restrict abc' },
      'SET standard_conforming_strings = on',
      expect.stringMatching(/^CREATE TABLE "od;d" .* 'it''s; \\', .* E'\\'; \\\\'\)$/),
      'COPY public.t (id, note) FROM stdin',
      { rows: "1\tfirst; '\n2\t\\.x\n" },
      expect.stringMatching(/^CREATE FUNCTION f[\s\S]*END; \$_\$$/),
      expect.stringMatching(/^CREATE OR REPLACE FUNCTION g[\s\S]*SELECT 3; END$/),
      'CREATE RULE r AS ON UPDATE TO t DO ALSO (SELECT 1; SELECT 2)',
      "SELECT $1, a$b$c, type'x;', 5-3, 6/2",
      'COPY empty (id) FROM stdin',
      { rows: '' },
      { command: '\\connect orders' },
      "SELECT 'last'",
    ]);
    expect(told.map(([, line]) => line)).toEqual([1, 3, 5, 7, 0, 12, 17, 19, 20, 21, 0, 23, 24]);
  });

  test('the same at every single cut, and byte by byte', () => {
    const whole = postgres(postgresDump);
    const { length } = Buffer.from(postgresDump);
    for (let cut = 0; cut <= length; cut++) expect(postgres(postgresDump, [cut])).toEqual(whole);
    const every = Array.from({ length }, (_, index) => index);
    expect(postgres(postgresDump, every)).toEqual(whole);
  });

  test('old strings with backslashes, as old dumps declare them', () => {
    const text = "SET standard_conforming_strings = 'off';\nSELECT 'a\\'; b';\nSELECT 2;";
    expect(sqlOf(postgres(text)).slice(1)).toEqual(["SELECT 'a\\'; b'", 'SELECT 2']);
  });

  test('lines that end as on Windows', () => {
    const text = 'COPY t FROM stdin;\r\n1\r\n\\.\r\nSELECT 1;\r\n';
    expect(sqlOf(postgres(text))).toEqual(['COPY t FROM stdin', { rows: '1\r\n' }, 'SELECT 1']);
  });

  test('bytes that are no UTF-8 stay what they are', () => {
    const [part] = new PostgresDumpReader().push(Buffer.from([0x27, 0xe9, 0xff, 0x27, 0x3b]));
    expect(part).toMatchObject({ sql: Buffer.from([0x27, 0xe9, 0xff, 0x27]) });
  });

  test.each([
    ["SELECT 'never", 'a string'],
    ['SELECT $x$ never $x', 'a dollar-quoted string'],
    ['/* never', 'a comment'],
    ['COPY t FROM stdin;\n1\n', 'the rows of a COPY'],
    ['SELECT "never', 'a quoted name'],
  ])('a file that breaks off: %s', (text, within) => {
    expect(() => postgres(text)).toThrow(`the file ends within ${within}`);
  });
});

describe('of MySQL', () => {
  test('statements, each at its line', () => {
    const told = mysql(mysqlDump);
    expect(sqlOf(told)).toEqual([
      expect.stringMatching(/^\/\*M!999999[\s\S]*\/\*!40101 SET NAMES utf8mb4 \*\/$/),
      expect.stringMatching(/^CREATE TABLE `od;d` \(a int DEFAULT 5--3, .* "x;\\"y"\)$/),
      expect.stringMatching(/^\/\*!50003 CREATE\*\/[\s\S]*';;'; END \*\/$/),
      "INSERT INTO x VALUES (1,'a\\\\'),(2,'--'),(3,'/*')",
      'create procedure p() begin select 1; select 4/2; end',
      "SELECT 'last' -- no end",
    ]);
    expect(told.map(([, line]) => line)).toEqual([1, 6, 8, 11, 13, 15]);
  });

  test('the same at every single cut, and byte by byte', () => {
    const whole = mysql(mysqlDump);
    const { length } = Buffer.from(mysqlDump);
    for (let cut = 0; cut <= length; cut++) expect(mysql(mysqlDump, [cut])).toEqual(whole);
    const every = Array.from({ length }, (_, index) => index);
    expect(mysql(mysqlDump, every)).toEqual(whole);
  });

  test('an end mark that is a word, or touches one', () => {
    const text = 'DELIMITER go\nselect a1go\nDELIMITER $$\nselect 2$$\n';
    expect(sqlOf(mysql(text))).toEqual(['select a1', 'select 2']);
  });

  test.each([
    ['DELIMITER \n', /DELIMITER cannot be ""/],
    ['DELIMITER \\\n', /DELIMITER cannot be/],
    ["SELECT 'never\\'", /the file ends within a string/],
    ['SELECT `never', /the file ends within a quoted name/],
  ])('what makes no sense: %j', (text, said) => {
    expect(() => mysql(text)).toThrow(said);
    expect(() => mysql(text)).toThrow(DumpError);
  });
});

/** Pieces in which quoting, comments and end marks meet. */
const pieces = [
  ...["'", '"', '`', '\\', '$', '$$', '$a$', '--', '-- ', '/*', '*/', '/*!', '#', ';', ';;', '\n'],
  ...[
    '(',
    ')',
    ' ',
    'e',
    "E'",
    "''",
    'begin ',
    'end',
    'copy t from stdin;\n',
    '\\.\n',
    'DELIMITER ',
  ],
  ...['//', 'é', 'x1', 'create function f ', 'atomic', 'case '],
];

describe.each([
  ['Postgres', () => new PostgresDumpReader()],
  ['MySQL', () => new MysqlDumpReader()],
])('any text, of %s', (_, make) => {
  const outcome = (bytes: Buffer, cuts: readonly number[]): unknown => {
    try {
      return read(make(), bytes, cuts);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return error.message;
    }
  };

  test('is read the same whatever its cuts', () => {
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 40 });
    const property = fc.property(texts, fc.array(fc.nat(200), { maxLength: 8 }), (some, cuts) => {
      const bytes = Buffer.from(some.join(''));
      const sorted = cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
      expect(outcome(bytes, sorted)).toEqual(outcome(bytes, []));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test('no statement is held beyond its limit', () => {
    const reader = make === undefined ? undefined : make();
    expect(() => {
      const chunk = Buffer.alloc(1024 * 1024, 0x61);
      reader?.push(Buffer.from("select '"));
      for (let mb = 0; mb <= 64; mb++) reader?.push(chunk);
    }).toThrow(/longer than 67108864 bytes/);
  });
});

test('the first words of a statement are on one line', () => {
  expect(firstWords(Buffer.from('create\n\ttable\u0007 x'))).toBe('create table x');
  expect(firstWords(Buffer.from('x'.repeat(100)), 10)).toBe(`${'x'.repeat(9)}…`);
});
