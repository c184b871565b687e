import { posix } from 'node:path';
import { childrenOf, type SyntaxNode, textOfString } from './nodes.ts';
import { HERE, NAME, PACKAGE, TOP, WILD } from './types.ts';

/** What names stand for in one source, wherever they are bound: scopes are not told apart. */
export interface Bindings {
  /** Imported names: `join` → `os.path.join`. */
  readonly imports: ReadonlyMap<string, string>;
  /** Values that a name is given. */
  readonly values: ReadonlyMap<string, readonly SyntaxNode[]>;
  /** What a name runs through in a loop. */
  readonly items: ReadonlyMap<string, readonly SyntaxNode[]>;
}

export interface Evaluator {
  /** Texts that an expression may be. */
  texts(node: SyntaxNode): readonly string[];
  /** `os.path.join` of a callee, as far as imports tell it; undefined when it is no plain dotted name. */
  nameOf(node: SyntaxNode): string | undefined;
  /** Texts inside a constant, in tuples, lists, sets and dictionaries at any depth (both keys and values). */
  leaves(node: SyntaxNode): string[];
}

const MAX_DEPTH = 32;
const MAX_ALTERNATIVES = 32;
const MAX_LEAVES = 4096;
const MAX_TEXT_LENGTH = 4096;
const UNKNOWN: readonly string[] = [WILD];
/** Functions of paths that change nothing that matters here. */
const SAME =
  /^(?:os\.path\.(?:abspath|realpath|normpath|expanduser|normcase|expandvars)|os\.fspath|str|(?:pathlib\.)?(?:Pure)?(?:Posix)?Path|as_file|importlib\.resources\.as_file|open|io\.open|codecs\.open|os\.listdir|os\.walk|os\.scandir)$/;
const SAME_METHODS =
  /^(?:resolve|absolute|as_posix|expanduser|strip|lower|open|read_text|read_bytes|iterdir|exists|is_file|is_dir|rstrip|decode|encode|__str__)$/;

/** Evaluates what names of modules and files are made of: constants, joins, paths from `__file__`. Anything else is unknown text. */
export function createEvaluator(source: string, bindings: Bindings): Evaluator {
  const known = new Map<number, readonly string[]>();
  const raw = (node: SyntaxNode): string => source.slice(node.from, node.to);

  function nameOf(node: SyntaxNode): string | undefined {
    if (node.name === 'VariableName') {
      const name = raw(node);
      return bindings.imports.get(name) ?? name;
    }
    if (node.name !== 'MemberExpression' || node.to - node.from > 256) return undefined;
    const last = node.lastChild;
    const first = node.firstChild;
    if (last?.name !== 'PropertyName' || first === null) return undefined;
    const base = nameOf(first);
    return base === undefined ? undefined : `${base}.${raw(last)}`;
  }

  function texts(node: SyntaxNode, depth = 0): readonly string[] {
    if (depth > MAX_DEPTH) return UNKNOWN;
    const key = node.from * 4096 + Math.min(4095, node.to - node.from);
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, UNKNOWN);
    const value = limited(evaluate(node, depth));
    known.set(key, value);
    return value;
  }

  function evaluate(node: SyntaxNode, depth: number): readonly string[] {
    switch (node.name) {
      case 'String':
        return [textOfString(raw(node)) ?? WILD];
      case 'ContinuedString':
        return combined(childrenOf(node), depth, (parts) => parts.join(''));
      case 'FormatString':
        return formatted(node, depth);
      case 'ParenthesizedExpression':
        return childrenOf(node).length === 3 ? texts(childrenOf(node)[1] as SyntaxNode, depth + 1) : UNKNOWN;
      case 'VariableName':
        return variable(raw(node), depth);
      case 'BinaryExpression':
        return binary(node, depth);
      case 'ConditionalExpression': {
        const [first, , , , last] = childrenOf(node);
        return [first, last].flatMap((item) => (item === undefined ? UNKNOWN : texts(item, depth + 1)));
      }
      case 'MemberExpression':
        return member(node, depth);
      case 'CallExpression':
        return call(node, depth);
      default:
        return UNKNOWN;
    }
  }

  function variable(name: string, depth: number): readonly string[] {
    if (name === '__file__') return [`${HERE}/`];
    if (name === '__name__') return [NAME];
    if (name === '__package__') return [PACKAGE];
    const values = bindings.values.get(name) ?? [];
    const items = bindings.items.get(name) ?? [];
    const all = [
      ...values.flatMap((value) => texts(value, depth + 1)),
      ...items.flatMap((item) => itemsOf(item, depth + 1)),
    ];
    return all.length === 0 ? UNKNOWN : all;
  }

  function itemsOf(node: SyntaxNode, depth: number): readonly string[] {
    if (node.name === 'VariableName')
      return (bindings.values.get(raw(node)) ?? []).flatMap((value) =>
        depth > MAX_DEPTH ? [] : itemsOf(value, depth + 1),
      );
    if (!/^(?:Tuple|Array|Set|Dictionary|Parenthesized)Expression$/.test(node.name)) return UNKNOWN;
    return childrenOf(node)
      .filter((child) => child.name.endsWith('String'))
      .flatMap((child) => texts(child, depth + 1));
  }

  function formatted(node: SyntaxNode, depth: number): readonly string[] {
    let rows = [''];
    let at = node.from;
    const opening = /^[a-zA-Z]*('''|"""|'|")/.exec(raw(node));
    if (opening === null) return UNKNOWN;
    at += opening[0].length;
    const end = node.to - (opening[1] as string).length;
    const piece = (to: number): string => source.slice(at, to).replaceAll('{{', '{').replaceAll('}}', '}');
    for (const child of childrenOf(node)) {
      if (child.name !== 'FormatReplacement') continue;
      const inner = childrenOf(child)[1];
      const options = inner === undefined ? UNKNOWN : texts(inner, depth + 1);
      const before = piece(child.from);
      rows = limited(rows.flatMap((row) => options.map((option) => row + before + option)));
      at = child.to;
    }
    return rows.map((row) => row + piece(end));
  }

  function binary(node: SyntaxNode, depth: number): readonly string[] {
    const [left, operator, right] = childrenOf(node);
    if (left === undefined || right === undefined || operator === undefined) return UNKNOWN;
    switch (raw(operator)) {
      case '+':
        return combined([left, right], depth, ([a = '', b = '']) =>
          a.endsWith('/') && a.startsWith(HERE) && b.startsWith('/') ? a + b.slice(1) : a + b,
        );
      case '/':
        return combined([left, right], depth, (parts) => joined(parts));
      case '%': {
        const values =
          right.name === 'TupleExpression' ? childrenOf(right).filter((child) => !/^[(),]$/.test(child.name)) : [right];
        return combined([left, ...values], depth, ([format = '', ...rest]) => {
          let next = 0;
          return format.replaceAll(/%[-#0 +]*\d*(?:\.\d+)?[sdr]/g, () => rest[next++] ?? WILD);
        });
      }
      case 'or':
        return [...texts(left, depth + 1), ...texts(right, depth + 1)];
      default:
        return UNKNOWN;
    }
  }

  function member(node: SyntaxNode, depth: number): readonly string[] {
    const children = childrenOf(node);
    const [object] = children;
    const last = children.at(-1);
    if (object === undefined || last === undefined) return UNKNOWN;
    if (last.name === 'PropertyName') {
      const property = raw(last);
      if (property === 'parent') return texts(object, depth + 1).map(dirname);
      if (property === 'name' || property === 'stem') return UNKNOWN;
      if (property === 'origin' && raw(object).endsWith('__spec__')) return [`${HERE}/`];
      return UNKNOWN;
    }
    // `Path(__file__).parents[2]`, `__path__[0]`, `__name__.split('.')[0]`.
    if (raw(object) === '__path__') return [HERE];
    const index = /^\d$/.exec(raw(children.at(-2) as SyntaxNode));
    if (
      index !== null &&
      object.name === 'MemberExpression' &&
      object.lastChild !== null &&
      raw(object.lastChild) === 'parents'
    ) {
      const times = Number(index[0]) + 1;
      return texts(object.firstChild as SyntaxNode, depth + 1).map((text) =>
        Array.from({ length: times }).reduce<string>(dirname, text),
      );
    }
    const parts = /^(?:__name__|__package__)\.(rpartition|rsplit|split|partition)\(/.exec(raw(object))?.[1];
    if (index?.[0] === '0' && parts !== undefined) return [parts.startsWith('r') ? PACKAGE : TOP];
    if (
      index !== null &&
      index[0] === '0' &&
      object.name === 'CallExpression' &&
      raw(object).startsWith('os.path.split(')
    ) {
      const inner = argumentsOf(object)[0];
      return inner === undefined ? UNKNOWN : texts(inner, depth + 1).map(dirname);
    }
    return UNKNOWN;
  }

  function argumentsOf(node: SyntaxNode): SyntaxNode[] {
    const list = node.lastChild;
    return list?.name === 'ArgList' ? childrenOf(list).filter((child) => !/^[(),]$/.test(child.name)) : [];
  }

  function call(node: SyntaxNode, depth: number): readonly string[] {
    const callee = node.firstChild;
    if (callee === null) return UNKNOWN;
    const args = argumentsOf(node);
    const [first] = args;
    const name = nameOf(callee);
    if (name !== undefined && first !== undefined) {
      if (name === 'os.path.dirname') return texts(first, depth + 1).map(dirname);
      if (name === 'os.path.join') return combined(args, depth, joined);
      if (SAME.test(name)) {
        return name.endsWith('Path') && args.length > 1 ? combined(args, depth, joined) : texts(first, depth + 1);
      }
      if (/(?:^|\.)inspect\.getfile$|^inspect\.getsourcefile$/.test(name)) return [`${HERE}/`];
      if (/(?:^|\.)resources\.files$|^importlib_resources\.files$/.test(name)) return resource(texts(first, depth + 1));
    }
    if (callee.name !== 'MemberExpression' || callee.lastChild?.name !== 'PropertyName' || callee.firstChild === null)
      return UNKNOWN;
    const method = raw(callee.lastChild);
    const object = callee.firstChild;
    if (method === 'joinpath' || method === '__truediv__') return combined([object, ...args], depth, joined);
    if (method === 'with_name' && first !== undefined)
      return combined([object, first], depth, ([path = '', item = '']) => joined([dirname(path), item]));
    if (method === 'join' && first !== undefined && object.name.endsWith('String')) {
      const parts = childrenOf(first).filter((child) => !/^[[\](),]$/.test(child.name));
      if (!/^(?:Tuple|Array)Expression$/.test(first.name)) return UNKNOWN;
      return combined([object, ...parts], depth, ([separator = '', ...rest]) => rest.join(separator));
    }
    if (method === 'format')
      return combined([object, ...args], depth, ([format = '', ...rest]) => {
        let next = 0;
        return format.replaceAll(/\{[^{}]*\}/g, () => rest[next++] ?? WILD);
      });
    return SAME_METHODS.test(method) ? texts(object, depth + 1) : UNKNOWN;
  }

  function combined(
    nodes: readonly SyntaxNode[],
    depth: number,
    make: (parts: readonly string[]) => string,
  ): readonly string[] {
    let rows: string[][] = [[]];
    for (const node of nodes) {
      if (node.name === '*' || node.name === '**') return UNKNOWN;
      const options = texts(node, depth + 1);
      if (rows.length * options.length > MAX_ALTERNATIVES) return UNKNOWN;
      rows = rows.flatMap((row) => options.map((option) => [...row, option]));
    }
    return rows.map(make);
  }

  function leaves(node: SyntaxNode): string[] {
    const out: string[] = [];
    const cursor = node.cursor();
    do {
      if (out.length >= MAX_LEAVES) break;
      if (cursor.name !== 'String') continue;
      const text = textOfString(source.slice(cursor.from, cursor.to));
      if (text !== undefined && text !== '' && text.length <= 256) out.push(text);
    } while (cursor.next() && cursor.from < node.to);
    return out;
  }

  return { texts: (node) => texts(node), nameOf, leaves };
}

function limited(texts: readonly string[]): string[] {
  const unique = [...new Set(texts)].filter((text) => text.length <= MAX_TEXT_LENGTH);
  return unique.length > MAX_ALTERNATIVES ? [WILD] : unique.length === 0 ? [WILD] : unique;
}

/** Of a path from the file's own place: above HERE comes `HERE/..`. */
export function dirname(path: string): string {
  if (path === HERE || /^\u0001(?:\/\.\.)+$/.test(path)) return `${path}/..`;
  if (path.startsWith(HERE)) return path.replace(/\/[^/]*$/, '');
  return path === WILD ? WILD : posix.dirname(path);
}

function joined(parts: readonly string[]): string {
  let out = '';
  for (const part of parts) {
    if (part.startsWith('/') || part.startsWith(HERE)) out = part;
    else if (out === '' || part === '') out += part;
    else out = out.endsWith('/') ? out + part : `${out}/${part}`;
  }
  return out;
}

/** `importlib.resources.files(anchor)`: the module's own package is a place that is known, others are left to who knows packages. */
function resource(anchors: readonly string[]): string[] {
  return anchors.map((anchor) => (anchor === PACKAGE || anchor === NAME ? HERE : WILD));
}
