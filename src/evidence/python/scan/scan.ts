import { parser } from '@lezer/python';
import { type Bindings, createEvaluator, type Evaluator } from './evaluate.ts';
import { callOf, CALLED, FILE_CALL, loadOf, LOADERS } from './calls.ts';
import { condense } from './condense.ts';
import { attemptsOf, conditionsOf } from './conditions.ts';
import { type ImportText, readImport, searchImports } from './imports.ts';
import { childrenOf, type SyntaxNode, textOfString, type Tree } from './nodes.ts';
import { lineCounter } from './lines.ts';
import { fileFrom, placeUses } from './places.ts';
import { type Call, type FileName, type Import, type Load, type Scan, WILD } from './types.ts';

/** Each list of a scan; a source with more is no program. */
const MAX_ITEMS = 20_000;
/** Values of one name that are looked at. */
const MAX_VALUES = 16;
/** Names at the top of a module whose constants are kept, and texts of one. */
const MAX_CONSTANTS = 2000;
const MAX_TEXTS = 4096;

const DOTTED = /^\.{0,2}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_][\w.]*)?$/;
const ABSOLUTE = /^\/[\w.+@-]+(?:\/[\w.+@-]+)+$/;
const FILE_NAME = /^(?:[\w@+*-][\w@+*./ -]*)?\.[A-Za-z][A-Za-z0-9]{0,9}$/;
const OPENS =
  /\b__file__\b|\b__path__\b|importlib[._]resources|\bpkg_resources\b|\bpkgutil\b|\bget_data\b|\bPackageLoader\b|\bresources\b|\bgetfile\b|\b__spec__\b/;

/** What brings further modules of the library only when it is asked for. */
const ASKED_FOR = /\b(?:(?:Process|Interpreter)PoolExecutor|invalidate_caches)\b/g;

/** Where the walk is. */
interface State {
  /** Names of the functions around. */
  readonly functions: string[];
  classes: number;
  guarded: number;
  main: number;
  /** The `try` statements around, the innermost last: what is tried, or done instead. */
  readonly attempts: Attempt[];
}

interface Attempt {
  readonly id: number;
  readonly fallback: boolean;
}

interface Found {
  readonly imports: Import[];
  readonly words: SyntaxNode[];
  readonly dotted: Map<string, number>;
  readonly fileNames: Set<string>;
  readonly absolute: Map<string, number>;
  readonly aliases: Map<string, string>;
  readonly values: Map<string, SyntaxNode[]>;
  readonly items: Map<string, SyntaxNode[]>;
  readonly tops: Map<string, SyntaxNode[]>;
  readonly tree: Tree;
  getattr: boolean;
  problem: number | undefined;
}

/** Finds what a Python source asks for. Pure; the text alone decides, not the name or place of the file. Never throws on bad source. */
export function scanSource(source: string): Scan {
  const text = condense(source) ?? source;
  const lineOf = lineCounter(text);
  const found = walk(text, lineOf);
  const bindings: Bindings = { imports: found.aliases, values: found.values, items: found.items };
  const evaluator = createEvaluator(text, bindings);
  const loads: Load[] = [];
  const calls: Call[] = [];
  const files: FileName[] = [];
  const named = new Set<number>();
  for (const node of found.words) {
    const word = text.slice(node.from, node.to);
    const call = callAround(node);
    const line = lineOf(node.from);
    if (call !== undefined && LOADERS.test(word)) {
      const load = loadOf(call, text, evaluator, line);
      if (load !== undefined) loads.push(load);
    } else if (call !== undefined && CALLED.has(word)) {
      const item = callOf(call, text, evaluator, line);
      if (item !== undefined) calls.push(item);
    }
    const file = fileFrom(node, evaluator, named, text);
    if (file !== undefined) files.push({ paths: file, line });
  }
  return {
    imports: found.problem === undefined ? found.imports : [...found.imports, ...searchImports(source, found.imports)],
    loads,
    calls,
    files,
    dotted: [...found.dotted],
    fileNames: [...found.fileNames],
    absolute: [...found.absolute],
    constants: constantsOf(found.tops, evaluator),
    opens: OPENS.test(source),
    lists:
      /\b(?:iter_modules|walk_packages)\s*\(|\blistdir\s*\(|\.iterdir\s*\(|\bglob\s*\(/.test(text) &&
      /__path__|__file__/.test(text),
    getattr: found.getattr,
    words: [...new Set(source.match(ASKED_FOR) ?? [])],
    ...(found.problem === undefined ? {} : { problem: found.problem }),
  };
}

function walk(text: string, lineOf: (offset: number) => number): Found {
  const found: Found = {
    imports: [],
    words: [],
    dotted: new Map(),
    fileNames: new Set(),
    absolute: new Map(),
    aliases: new Map(),
    values: new Map(),
    items: new Map(),
    tops: new Map(),
    tree: parser.parse(text),
    getattr: false,
    problem: undefined,
  };
  const state: State = { functions: [], classes: 0, guarded: 0, main: 0, attempts: [] };
  const attempts = new Map<number, Attempt>();
  const skipped = new Set<number>();
  const mains = new Set<number>();
  found.tree.iterate({
    enter(ref) {
      switch (ref.name) {
        case 'ImportStatement':
          addImport(found, readImport(text.slice(ref.from, ref.to)), state, lineOf(ref.from));
          return false;
        case 'FunctionDefinition': {
          const name = nameAfterKeyword(ref.node, text);
          if (name === '__getattr__' && state.functions.length === 0 && state.classes === 0) found.getattr = true;
          state.functions.push(name);
          return true;
        }
        case 'ClassDefinition':
          state.classes += 1;
          return true;
        case 'TryStatement':
          state.guarded += 1;
          for (const { body, fallback } of attemptsOf(ref.node, text)) attempts.set(body, { id: ref.from, fallback });
          return true;
        case 'IfStatement':
          state.guarded += 1;
          for (const { body, when } of conditionsOf(ref.node, text)) {
            if (when === 'never') skipped.add(body);
            if (when === 'main') mains.add(body);
          }
          return true;
        case 'Body':
          if (skipped.has(ref.from)) return false;
          if (mains.has(ref.from)) state.main += 1;
          if (attempts.has(ref.from)) state.attempts.push(attempts.get(ref.from) as Attempt);
          return true;
        case 'TypeDef':
          return false;
        case 'ExpressionStatement':
          return !isDocumentation(text.charCodeAt(ref.from), ref.node);
        case 'AssignStatement':
        case 'UpdateStatement':
          addAssignment(found, ref.node, text, state);
          return true;
        case 'ForStatement':
        case 'ArrayComprehensionExpression':
        case 'ComprehensionExpression':
          addLoop(found, ref.node, text);
          return true;
        case 'VariableName':
        case 'PropertyName': {
          const word = text.slice(ref.from, ref.to);
          if ((CALLED.has(word) || LOADERS.test(word) || FILE_CALL.has(word)) && found.words.length < MAX_ITEMS)
            found.words.push(ref.node);
          return true;
        }
        case 'String':
          addText(found, textOfString(text.slice(ref.from, ref.to)), () => lineOf(ref.from));
          return true;
        case '⚠':
          found.problem ??= lineOf(ref.from);
          return true;
        default:
          return true;
      }
    },
    leave(ref) {
      if (ref.name === 'FunctionDefinition') state.functions.pop();
      else if (ref.name === 'ClassDefinition') state.classes -= 1;
      else if (ref.name === 'TryStatement' || ref.name === 'IfStatement') state.guarded -= 1;
      else if (ref.name === 'Body') {
        if (mains.has(ref.from)) state.main -= 1;
        if (attempts.has(ref.from)) state.attempts.pop();
      }
    },
  });
  found.words.push(...placeUses(found.tree, found.values, text));
  return found;
}

function addImport(found: Found, parts: readonly ImportText[], state: State, line: number): void {
  for (const { aliases, ...item } of parts) {
    for (const [name, target] of aliases) if (!found.aliases.has(name)) found.aliases.set(name, target);
    if (found.imports.length >= MAX_ITEMS) return;
    const within = state.functions.at(-1);
    found.imports.push({
      ...item,
      line,
      ...(within === undefined ? {} : { lazy: true as const, within }),
      ...(state.guarded > 0 && { guarded: true as const }),
      ...(state.main > 0 && { main: true as const }),
      ...attemptOf(state.attempts.at(-1)),
    });
  }
}

function attemptOf(attempt: Attempt | undefined): Pick<Import, 'attempt' | 'fallback'> {
  if (attempt === undefined) return {};
  return attempt.fallback ? { fallback: attempt.id } : { attempt: attempt.id };
}

function addAssignment(found: Found, node: SyntaxNode, text: string, state: State): void {
  const children = childrenOf(node);
  const at = children.findIndex((child) => child.name === 'AssignOp' || child.name === 'UpdateOp');
  const value = children.at(-1);
  if (at < 1 || value === undefined) return;
  for (const target of children.slice(0, -1)) {
    if (target.name !== 'VariableName') continue;
    const name = text.slice(target.from, target.to);
    push(found.values, name, value);
    if (
      state.functions.length === 0 &&
      state.classes === 0 &&
      (found.tops.size < MAX_CONSTANTS || found.tops.has(name))
    )
      push(found.tops, name, value);
  }
}

function addLoop(found: Found, node: SyntaxNode, text: string): void {
  const children = childrenOf(node);
  const at = children.findIndex((child) => child.name === 'in');
  const target = children[at - 1];
  const items = children[at + 1];
  if (target?.name === 'VariableName' && items !== undefined)
    push(found.items, text.slice(target.from, target.to), items);
}

function push(map: Map<string, SyntaxNode[]>, name: string, node: SyntaxNode): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [node]);
  else if (list.length < MAX_VALUES) list.push(node);
}

function addText(found: Found, value: string | undefined, line: () => number): void {
  if (value === undefined || value.length < 2 || value.length > 200) return;
  if (DOTTED.test(value) && /[.:]/.test(value) && found.dotted.size < MAX_ITEMS && !found.dotted.has(value))
    found.dotted.set(value, line());
  if (ABSOLUTE.test(value) && found.absolute.size < MAX_ITEMS && !found.absolute.has(value))
    found.absolute.set(value, line());
  if (FILE_NAME.test(value) && found.fileNames.size < MAX_ITEMS)
    found.fileNames.add(value.slice(value.lastIndexOf('/') + 1));
}

/** The call whose callee ends in this name. */
function callAround(node: SyntaxNode): SyntaxNode | undefined {
  const callee = node.name === 'PropertyName' ? node.parent : node;
  const call = callee?.parent;
  return call?.name === 'CallExpression' && call.firstChild?.from === callee?.from && call.firstChild?.to === callee?.to
    ? call
    : undefined;
}

function constantsOf(
  tops: ReadonlyMap<string, readonly SyntaxNode[]>,
  evaluator: Evaluator,
): Record<string, readonly string[]> {
  const out: Record<string, readonly string[]> = Object.create(null) as Record<string, readonly string[]>;
  let left = MAX_TEXTS;
  for (const [name, nodes] of tops) {
    const texts = [...new Set(nodes.flatMap((node) => evaluator.leaves(node)))];
    if (texts.length === 0 || texts.length > left) continue;
    left -= texts.length;
    out[name] = texts.filter((item) => item !== WILD);
  }
  return out;
}

function nameAfterKeyword(node: SyntaxNode, text: string): string {
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name === 'VariableName') return text.slice(child.from, child.to);
  return '';
}

const QUOTES = new Set(Buffer.from(`'"rRbBuUfF`));

function isDocumentation(first: number, node: SyntaxNode): boolean {
  const child = QUOTES.has(first) ? node.firstChild : null;
  return child !== null && child.nextSibling === null && (child.name === 'String' || child.name === 'ContinuedString');
}
