import type { ErrorCode } from '../../base/error-codes.ts';
import { TareError, type TareErrorOptions } from '../../base/error.ts';
import { pathText, type Step } from '../../base/place.ts';

/** A file that a part of the project comes from. */
export interface Source {
  /** As messages name it. */
  readonly name: string;
  /** The absolute folder that relative paths in it begin at. */
  readonly dir: string;
}

/** Where something is written; line and column count from 1. */
export interface Spot {
  readonly source: Source;
  readonly line: number;
  readonly column: number;
  readonly path: readonly Step[];
  /** Where variables were filled in: the text as it is written, and what it has become, which may be a secret. */
  readonly filled?: { readonly written: string; readonly value: string };
}

/** `!reset` takes away what the files before said, `!override` stands in place of it. */
export type Tag = 'reset' | 'override';

export type Scalar = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: Scalar;
  /** The value where a text is wanted: whole numbers with all digits, `true`, and '' for null. */
  readonly text: string;
  readonly spot: Spot;
  readonly tag?: Tag;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly spot: Spot;
  readonly tag?: Tag;
}

/** A Map, so that no key means anything to JavaScript. */
export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly spot: Spot;
  readonly tag?: Tag;
}

export interface Entry {
  readonly key: Spot;
  readonly value: Node;
}

/** A value of a YAML document, with its place. */
export type Node = ScalarNode | ListNode | MapNode;

export const scalarNode = (value: Scalar, spot: Spot, text = value === null ? '' : String(value)): ScalarNode => ({
  kind: 'scalar',
  value,
  text,
  spot,
});

export const listNode = (items: readonly Node[], spot: Spot): ListNode => ({ kind: 'list', items, spot });

export const mapNode = (entries: ReadonlyMap<string, Entry>, spot: Spot): MapNode => ({ kind: 'map', entries, spot });

export const isNull = (node: Node): boolean => node.kind === 'scalar' && node.value === null;

/** `compose.yaml:12`. */
export const lineText = (spot: Spot): string => `${spot.source.name}:${spot.line}`;

/** `compose.yaml:12:5`. */
export const spotText = (spot: Spot): string => `${lineText(spot)}:${spot.column}`;

/** `compose.yaml:12:5: services.web.ports[0]: ` and what is wrong there. */
export function composeError(
  spot: Spot,
  problem: string,
  options: TareErrorOptions & { readonly code?: Extract<ErrorCode, 'E_COMPOSE' | 'E_COMPOSE_UNSUPPORTED'> } = {},
): TareError {
  const { code = 'E_COMPOSE', ...rest } = options;
  return new TareError(
    code,
    `${spotText(spot)}${spot.path.length === 0 ? '' : pathText(spot.path, ': ')}: ${discreet(problem, spot)}`,
    rest,
  );
}

/** What a message quotes of a text with variables is quoted as it is written. */
function discreet(problem: string, { filled }: Spot): string {
  if (filled === undefined) return problem;
  return problem.replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
    const text = String(JSON.parse(quoted));
    return text !== '' && filled.value.includes(text) && !filled.written.includes(text)
      ? JSON.stringify(filled.written)
      : quoted;
  });
}

/** What a value is, without telling it: it may be a secret. */
export function kindText(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return 'a text';
  return typeof node.value === 'number' ? 'a number' : 'true or false';
}

/** @throws TareError E_COMPOSE when it is no map */
export function asMap(node: Node): MapNode {
  if (node.kind === 'map') return node;
  throw composeError(node.spot, `expected a map, got ${kindText(node)}`);
}

export const child = (node: MapNode, key: string): Node | undefined => node.entries.get(key)?.value;

/** What is there and is not null. */
export function childOf(node: MapNode, key: string): Node | undefined {
  const value = child(node, key);
  return value === undefined || isNull(value) ? undefined : value;
}

/** As plain JSON would say it; `__proto__` becomes an ordinary key. */
export function plainValue(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainValue(value)]));
}
