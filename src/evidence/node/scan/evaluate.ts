import { posix } from 'node:path';
import type { Bindings } from './bindings.ts';
import { isRequire, keyOf } from './callee.ts';
import type { AnyNode } from './parse.ts';
import { dirnameOf, joinTexts, joinUrl, pathOfUrl, WILD } from './texts.ts';

/** What an expression may be: texts in which WILD marks the unknown parts. */
export interface Value {
  readonly texts: readonly string[];
  /** It was made from the file's own place (`__dirname`, `import.meta.url`) or the working directory. */
  readonly anchored: boolean;
}

/** Which export of which module an expression is: `path.join` → `{module: 'path', member: 'join'}`. */
export interface ModuleMember {
  readonly module: string;
  readonly member?: string;
}

export interface Evaluator {
  value(node: AnyNode): Value;
  moduleOf(node: AnyNode): ModuleMember | undefined;
}

export interface EvaluatorOptions {
  /** The file's real path, as text; its folder is `__dirname`. */
  readonly file: string;
  readonly cwd: string;
  /** `process.arch`, when it is known. */
  readonly arch: string | undefined;
  readonly bindings: Bindings;
}

/** More alternatives than any real expression has, and deeper than any chain of constants goes. */
const MAX_ALTERNATIVES = 16;
const MAX_DEPTH = 64;
const MAX_TEXT_LENGTH = 16 * 1024;

const UNKNOWN: Value = { texts: [WILD], anchored: false };

/** Wrappers that compilers put around `require`: TypeScript's and Babel's. */
const INTEROP =
  /^(?:__importDefault|__importStar|_interopRequireDefault|_interopRequireWildcard|_interopDefault.*|__toESM|__rest)$/;

/** Evaluates what file names are made of: literals, templates, `+`, constants, `path.*`, URLs. Anything else is unknown text. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { bindings, cwd, file } = options;
  const dir = posix.dirname(file);
  const fileUrl = `file://${file}`;
  const known = new Map<AnyNode, Value>();

  const text = (value: string, anchored = false): Value => ({ texts: [value], anchored });
  const either = (...values: readonly Value[]): Value =>
    limited(
      values.flatMap((value) => value.texts),
      values.some((value) => value.anchored),
    );
  const combined = (values: readonly Value[], make: (texts: readonly string[]) => string): Value => {
    let rows: string[][] = [[]];
    for (const value of values) {
      rows = rows.flatMap((row) => value.texts.map((item) => [...row, item]));
      if (rows.length > MAX_ALTERNATIVES) return { texts: [WILD], anchored: false };
    }
    return limited(
      rows.map(make),
      values.some((value) => value.anchored),
    );
  };

  function moduleOf(node: AnyNode, depth = 0): ModuleMember | undefined {
    if (depth > MAX_DEPTH) return undefined;
    switch (node.type) {
      case 'Identifier': {
        const binding = bindings.get(node.name);
        if (binding === undefined)
          return node.name === 'process' || node.name === 'module' ? { module: node.name } : undefined;
        if (binding.kind === 'import')
          return binding.imported === '*' || binding.imported === 'default'
            ? { module: bareName(binding.module) }
            : { module: bareName(binding.module), member: binding.imported };
        if (binding.kind === 'value') return moduleOf(binding.init, depth + 1);
        if (binding.kind === 'member') return memberOf(moduleOf(binding.of, depth + 1), binding.key);
        return undefined;
      }
      case 'MemberExpression': {
        const key = keyOf(node);
        return key === undefined ? undefined : memberOf(moduleOf(node.object, depth + 1), key);
      }
      case 'CallExpression': {
        const [first] = node.arguments;
        if (first === undefined) return undefined;
        if (isRequire(node.callee, bindings)) {
          const name = first.type === 'Literal' && typeof first.value === 'string' ? first.value : undefined;
          return name === undefined ? undefined : { module: bareName(name) };
        }
        if (node.callee.type === 'Identifier' && INTEROP.test(node.callee.name)) return moduleOf(first, depth + 1);
        return undefined;
      }
      case 'SequenceExpression':
        return moduleOf(node.expressions.at(-1) as AnyNode, depth + 1);
      case 'AwaitExpression':
        return moduleOf(node.argument, depth + 1);
      case 'ChainExpression':
        return moduleOf(node.expression, depth + 1);
      case 'ImportExpression':
        return node.source.type === 'Literal' ? { module: bareName(String(node.source.value)) } : undefined;
      default:
        return undefined;
    }
  }

  function value(node: AnyNode, depth = 0): Value {
    const done = known.get(node);
    if (done !== undefined) return done;
    const found = depth > MAX_DEPTH ? UNKNOWN : compute(node, depth + 1);
    if (depth <= MAX_DEPTH) known.set(node, found);
    return found;
  }

  function compute(node: AnyNode, depth: number): Value {
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'string' || typeof node.value === 'number' ? text(String(node.value)) : UNKNOWN;
      case 'TemplateLiteral':
        return combined(
          node.expressions.map((item) => value(item, depth)),
          (texts) => node.quasis.map((quasi, at) => (quasi.value.cooked ?? WILD) + (texts[at] ?? '')).join(''),
        );
      case 'BinaryExpression':
        if (node.operator !== '+' || node.left.type === 'PrivateIdentifier') return UNKNOWN;
        return combined([value(node.left, depth), value(node.right, depth)], (texts) => texts.join(''));
      case 'ConditionalExpression':
        return either(value(node.consequent, depth), value(node.alternate, depth));
      case 'LogicalExpression':
        return node.operator === '&&'
          ? value(node.right, depth)
          : either(value(node.left, depth), value(node.right, depth));
      case 'AssignmentExpression':
        return node.operator === '=' ? value(node.right, depth) : UNKNOWN;
      case 'SequenceExpression':
        return value(node.expressions.at(-1) as AnyNode, depth);
      case 'ChainExpression':
        return value(node.expression, depth);
      case 'AwaitExpression':
        return value(node.argument, depth);
      case 'Identifier':
        return ofName(node.name, depth);
      case 'MemberExpression':
        return ofMember(node, depth);
      case 'NewExpression':
        return node.callee.type === 'Identifier' && node.callee.name === 'URL' ? ofUrl(node.arguments, depth) : UNKNOWN;
      case 'CallExpression':
        return ofCall(node, depth);
      default:
        return UNKNOWN;
    }
  }

  function ofName(name: string, depth: number): Value {
    const binding = bindings.get(name);
    if (binding?.kind === 'value') return value(binding.init, depth);
    if (binding === undefined && name === '__dirname') return text(dir, true);
    if (binding === undefined && name === '__filename') return text(file, true);
    const found = moduleOf({ type: 'Identifier', name, start: 0, end: 0 });
    return found === undefined ? UNKNOWN : ofModuleMember(found);
  }

  function ofMember(node: AnyNode & { type: 'MemberExpression' }, depth: number): Value {
    const key = keyOf(node);
    if (node.object.type === 'MetaProperty') {
      if (key === 'url') return text(fileUrl, true);
      if (key === 'dirname') return text(dir, true);
      return key === 'filename' ? text(file, true) : UNKNOWN;
    }
    const found = moduleOf(node);
    if (found !== undefined) return ofModuleMember(found);
    if (key === 'href') return value(node.object, depth);
    if (key === 'pathname') return mapped(value(node.object, depth), pathOfUrl);
    return UNKNOWN;
  }

  function ofModuleMember({ member, module }: ModuleMember): Value {
    if (module === 'process' && member === 'platform') return text('linux');
    if (module === 'process' && member === 'arch' && options.arch !== undefined) return text(options.arch);
    if (module === 'module' && member === 'filename') return text(file, true);
    if (module === 'module' && member === 'path') return text(dir, true);
    if (module === 'path' && member === 'sep') return text('/');
    return UNKNOWN;
  }

  function ofUrl(given: readonly AnyNode[], depth: number): Value {
    const [name, base] = given;
    if (name === undefined || name.type === 'SpreadElement') return UNKNOWN;
    if (base === undefined) return value(name, depth);
    return combined([value(name, depth), value(base, depth)], (texts) =>
      joinUrl(texts[0] as string, texts[1] as string),
    );
  }

  function ofCall(node: AnyNode & { type: 'CallExpression' }, depth: number): Value {
    const { callee } = node;
    const given = node.arguments as readonly AnyNode[];
    if (given.some((item) => item.type === 'SpreadElement')) return UNKNOWN;
    const all = (): Value[] => given.map((item) => value(item, depth));
    const target = moduleOf(callee);
    if (target?.member !== undefined) {
      const { member, module } = target;
      if (module === 'path') return ofPathCall(member, all());
      if (module === 'url' && member === 'fileURLToPath') return mapped(all()[0] ?? UNKNOWN, pathOfUrl);
      if (module === 'url' && member === 'pathToFileURL')
        return mapped(all()[0] ?? UNKNOWN, (path) => `file://${path}`);
      if (module === 'process' && member === 'cwd') return text(cwd, true);
      if (module === 'os' && (member === 'platform' || member === 'arch'))
        return ofModuleMember({ module: 'process', member });
      return UNKNOWN;
    }
    if (callee.type === 'Identifier' && callee.name === 'String' && given.length === 1)
      return value(given[0] as AnyNode, depth);
    if (callee.type !== 'MemberExpression' || callee.object.type === 'Super') return UNKNOWN;
    const key = keyOf(callee);
    if (key === 'toString' && given.length === 0) return value(callee.object, depth);
    if (key === 'concat') return combined([value(callee.object, depth), ...all()], (texts) => texts.join(''));
    if (key === 'replace' || key === 'replaceAll') {
      const object = value(callee.object, depth);
      const [from, to] = given;
      if (!object.anchored || from?.type !== 'Literal' || typeof from.value !== 'string' || to === undefined)
        return UNKNOWN;
      const search = from.value;
      return combined([object, value(to, depth)], ([whole = '', fill = '']) =>
        key === 'replace' ? whole.replace(search, () => fill) : whole.replaceAll(search, () => fill),
      );
    }
    if (key === 'join' && callee.object.type === 'ArrayExpression') {
      const parts = callee.object.elements.map((item) => (item === null ? text('') : value(item, depth)));
      const by = given.length === 0 ? text(',') : (all()[0] as Value);
      return combined([by, ...parts], ([separator = ',', ...texts]) => texts.join(separator));
    }
    return UNKNOWN;
  }

  function ofPathCall(member: string, values: readonly Value[]): Value {
    switch (member) {
      case 'join':
        return combined(values, (texts) => joinTexts(texts));
      case 'resolve': {
        const found = combined(values, (texts) =>
          texts[0]?.startsWith(WILD) === true ? joinTexts(texts) : posix.resolve(cwd, ...texts),
        );
        return values.every((item) => item.texts.every((part) => !part.startsWith('/') && !part.startsWith(WILD)))
          ? { ...found, anchored: true }
          : found;
      }
      case 'normalize':
      case 'dirname':
        return mapped(values[0] ?? UNKNOWN, (path) => (member === 'dirname' ? dirnameOf(path) : posix.normalize(path)));
      case 'basename':
        return combined(values, ([path = '', suffix]) =>
          posix.basename(path, suffix?.includes(WILD) === true ? undefined : suffix),
        );
      case 'extname':
        return mapped(values[0] ?? UNKNOWN, (path) => (path.includes(WILD) ? WILD : posix.extname(path)));
      default:
        return UNKNOWN;
    }
  }

  return { value: (node) => value(node), moduleOf: (node) => moduleOf(node) };
}

function memberOf(of: ModuleMember | undefined, key: string): ModuleMember | undefined {
  if (of === undefined || key === 'default' || key === 'promises' || key === 'posix') return of;
  return of.member === undefined ? { module: of.module, member: key } : undefined;
}

function bareName(module: string): string {
  const name = module.startsWith('node:') ? module.slice('node:'.length) : module;
  return name === 'fs/promises' || name === 'path/posix' ? name.replace(/\/.*/, '') : name;
}

function limited(texts: readonly string[], anchored: boolean): Value {
  const unique = [...new Set(texts)];
  if (unique.length > MAX_ALTERNATIVES || unique.some((item) => item.length > MAX_TEXT_LENGTH)) return UNKNOWN;
  return { texts: unique, anchored };
}

function mapped(value: Value, change: (text: string) => string): Value {
  return limited(value.texts.map(change), value.anchored);
}
