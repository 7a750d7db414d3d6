/** Reads YAML, and knows at which line and column each of its values stands. Pure. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';
import { messageOf } from '../../sim/user-error.js';
import type { Problem, ValuePath } from './problem.js';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ReadYaml {
  readonly value: unknown;
  /** Where a value, or the key of it, stands; where that is not there, what it would be in. */
  place(path: ValuePath, ofKey: boolean): Place;
}

/** What is no YAML, with its place. */
export interface BrokenYaml {
  readonly problems: readonly (Problem & { readonly place: Place })[];
}

/** Of `&name` values; more of them than that, and the text is a bomb. */
const aliasesMax = 100;
const problemsMax = 20;

export function readYaml(text: string): ReadYaml | BrokenYaml {
  const lines = new LineCounter();
  // What is odd is told by the check of the shape; the parser would tell it past our output.
  const quiet = { prettyErrors: false, logLevel: 'error' } as const;
  const document = parseDocument(text, { lineCounter: lines, ...quiet });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = (code: string, what: string, offset: number) => ({
    ...{ code, path: [], what, place: placeAt(offset) },
  });
  if (document.errors.length > 0)
    return {
      problems: document.errors
        .slice(0, problemsMax)
        .map(({ message, pos }) => broken('YAML_INVALID', oneLine(message), pos[0])),
    };
  try {
    keepVersionsAsWritten(document);
    const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
    return {
      value,
      place: (path, ofKey) => placeAt(offsetOf(document, path, ofKey)),
    };
  } catch (error) {
    return { problems: [broken('YAML_INVALID', oneLine(messageOf(error)), strayAlias(document))] };
  }
}

/** Where the first alias stands that leads nowhere; 0 where there is none. */
function strayAlias(document: Document.Parsed): number {
  let offset = 0;
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) !== undefined) return undefined;
      offset = startOf(node);
      return visit.BREAK;
    },
  });
  return offset;
}

/** `17.10` is a version, not the number 17.1. */
function keepVersionsAsWritten(document: Document.Parsed): void {
  for (const key of ['from', 'to']) {
    const node = document.getIn(['versions', key], true);
    if (isScalar(node) && typeof node.value === 'number' && node.source !== undefined)
      node.value = node.source;
  }
}

function offsetOf(document: Document.Parsed, path: ValuePath, ofKey: boolean): number {
  let node: Node | null = document.contents;
  let offset = startOf(node);
  for (const [index, part] of path.entries()) {
    const resolved: Node | undefined = isAlias(node) ? node.resolve(document) : (node ?? undefined);
    if (isMap(resolved)) {
      const pair = resolved.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) return offset;
      const isLast = index === path.length - 1;
      const key = pair.key as ParsedNode;
      node = pair.value as Node | null;
      offset = startOf(ofKey && isLast ? key : (node ?? key));
    } else if (isSeq(resolved) && typeof part === 'number') {
      node = (resolved.items[part] ?? null) as Node | null;
      if (node === null) return offset;
      offset = startOf(node);
    } else return offset;
  }
  return offset;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function oneLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:\s]+$/, '');
}
