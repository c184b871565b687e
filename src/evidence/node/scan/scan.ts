import { bindingsOf } from './bindings.ts';
import { isCatch, isCreateRequire, isRequire, isResolve, nameOfCallee } from './callee.ts';
import { createEvaluator, type Evaluator, type ModuleMember, type Value } from './evaluate.ts';
import { type AnyNode, eachChild, lineCounter, parseSource, type Program } from './parse.ts';
import { searchText } from './search-text.ts';
import { WILD } from './texts.ts';
import type { Call, LoadRequest, Request, Scan } from './types.ts';

export interface ScanOptions {
  /** The file's real path, and the working directory, as text. */
  readonly file: string;
  readonly cwd: string;
  readonly arch: string | undefined;
  /** Which calls some rule wants to see. */
  readonly wantsCall: (
    target: ModuleMember | undefined,
    name: string | undefined,
    first: AnyNode | undefined,
  ) => boolean;
}

/** A source without any of these words asks for nothing. */
const WORDS =
  /\brequire|\bimport\b|\bexport\b|__dirname|__filename|\bprocess\b|\bWorker\b|\bfork\b|createRequire|\bmodule\b/;
/** A source with none of these asks by `import` and `export` declarations alone, which stand at its top. */
const DEEP_WORDS =
  /\brequire|\bimport\s*[(./]|__dirname|__filename|createRequire|\b(?:Worker|child_process|fs|module|cwd|transport|express|view engine)\b|binding|gyp/;
/** Functions of `fs` whose first argument is no path to a file that must be there. */
const NOT_READING =
  /^(?:close|write|append|mkdir|mkdtemp|rm|unlink|rename|chmod|chown|utimes|ftruncate|fsync|createWriteStream)/;
const TYPESCRIPT = /\.[cm]?tsx?$/;

interface State {
  /** Inside a `try` block. */
  readonly guarded: boolean;
  /** Inside an expression whose file has been noted. */
  readonly noted: boolean;
  /** Inside the description of a log transport. */
  readonly transport: boolean;
}

/** Finds what a source asks for: modules, workers, files beside it. Pure; never runs anything. */
export function scanSource(text: string, options: ScanOptions): Scan {
  if (!WORDS.test(text)) return { requests: [], calls: [] };
  if (TYPESCRIPT.test(options.file)) return { requests: searchText(text), calls: [] };
  const program = parseSource(text);
  if ('problem' in program) return { requests: searchText(text), calls: [], problem: program };
  if (!DEEP_WORDS.test(text)) return { requests: scanTop(program, text), calls: [] };
  try {
    return scanProgram(program, text, options);
  } catch (error) {
    // A long enough chain of calls parses and still exhausts the stack of whoever walks it.
    if (!(error instanceof RangeError)) throw error;
    return { requests: searchText(text), calls: [], problem: { line: 1, problem: 'it is nested too deeply' } };
  }
}

function scanTop(program: Program, text: string): Request[] {
  const lineOf = lineCounter(text);
  return program.body.flatMap((node) => declarationRequest(node, lineOf) ?? []);
}

function declarationRequest(node: AnyNode, lineOf: (offset: number) => number): LoadRequest | undefined {
  if (!('source' in node) || node.source === null || node.source === undefined || node.type === 'ImportExpression')
    return undefined;
  const by = node.type === 'ImportDeclaration' ? 'import' : 'export';
  const specifiers = [String(node.source.value)];
  return { kind: 'load', mode: 'import', specifiers, by, line: lineOf(node.start), optional: false };
}

function scanProgram(program: Program, text: string, options: ScanOptions): Scan {
  const bindings = bindingsOf(program);
  const evaluator = createEvaluator({ file: options.file, cwd: options.cwd, arch: options.arch, bindings });
  const lineOf = lineCounter(text);
  const requests: Request[] = [];
  const calls: Call[] = [];
  const namesPlaces = /__dirname|__filename|import\.meta|\bcwd\b|\bmodule\b|\bresolve\b/.test(text);
  const foreignRequire = bindings.get('require')?.kind === 'unknown';

  const load = (
    node: AnyNode,
    found: Value,
    by: string,
    more: Pick<LoadRequest, 'mode' | 'optional'> & { base?: string },
  ): void => {
    requests.push({ kind: 'load', specifiers: found.texts, by, line: lineOf(node.start), ...more });
  };

  const visit = (node: AnyNode, state: State): void => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        requests.push(...[declarationRequest(node, lineOf) ?? []].flat());
        if (node.type === 'ImportDeclaration') return;
        break;
      case 'ImportExpression': {
        const found = evaluator.value(node.source);
        load(node, found, 'import()', { mode: 'import', optional: state.guarded });
        visit(node.source, { ...state, noted: state.noted || found.anchored });
        return;
      }
      case 'TryStatement':
        visit(node.block, { ...state, guarded: node.handler !== null || state.guarded });
        if (node.handler) visit(node.handler, state);
        if (node.finalizer) visit(node.finalizer, state);
        return;
      case 'CallExpression':
        if (visitCall(node, state)) return;
        break;
      case 'NewExpression':
        if (visitNew(node, state)) return;
        break;
      case 'Property':
        if (visitProperty(node, state)) return;
        break;
      default:
    }
    const inside = namesPlaces && !state.noted && noteFile(node) ? { ...state, noted: true } : state;
    eachChild(node, (child) => visit(child, inside));
  };

  /** A path made from the file's own place, at the outermost expression that still has a value. */
  const noteFile = (node: AnyNode): boolean => {
    if (!CANDIDATES.has(node.type)) return false;
    const { anchored, texts } = evaluator.value(node);
    if (!anchored) return false;
    const paths = texts
      .map((item) => (item.startsWith('file://') ? item.slice('file://'.length) : item))
      .filter((item) => item.startsWith('/'));
    if (paths.length === 0) return false;
    requests.push({ kind: 'file', paths, by: 'a path made from its own place', line: lineOf(node.start) });
    return true;
  };

  const visitCall = (node: AnyNode & { type: 'CallExpression' }, state: State): boolean => {
    const { callee } = node;
    const [first] = node.arguments as readonly (AnyNode | undefined)[];
    if (first !== undefined && isRequire(callee, bindings)) {
      const found = evaluator.value(first);
      load(node, found, 'require()', { mode: 'require', optional: state.guarded || foreignRequire, ...baseOf(callee) });
      visitArguments(node, { ...state, noted: state.noted || found.anchored });
      return true;
    }
    if (first !== undefined && isResolve(callee)) {
      const mode = callee.type === 'MemberExpression' && callee.object.type === 'MetaProperty' ? 'import' : 'require';
      const found = evaluator.value(first);
      load(node, found, mode === 'import' ? 'import.meta.resolve()' : 'require.resolve()', { mode, optional: true });
      visitArguments(node, { ...state, noted: state.noted || found.anchored });
      return true;
    }
    if (isCatch(node)) {
      eachChild(node, (child) => visit(child, { ...state, guarded: true }));
      return true;
    }
    const target = evaluator.moduleOf(callee);
    const name = nameOfCallee(callee);
    noteCall(node, target, name);
    if (name === 'transport') {
      eachChild(node, (child) => visit(child, { ...state, transport: true }));
      return true;
    }
    return false;
  };

  /** Calls of node itself that name a file by text alone. */
  const noteCall = (
    node: AnyNode & { type: 'CallExpression' },
    target: ModuleMember | undefined,
    name: string | undefined,
  ): void => {
    const [first, second] = node.arguments as readonly (AnyNode | undefined)[];
    const line = lineOf(node.start);
    const note = (value: Value, by: string): void => {
      const names = value.texts.filter((item) => item !== WILD && item !== '' && !item.startsWith('file://'));
      if (!value.anchored && names.length > 0) requests.push({ kind: 'name', names, by, line });
    };
    if (
      target?.module === 'fs' &&
      target.member !== undefined &&
      first !== undefined &&
      !NOT_READING.test(target.member)
    ) {
      note(evaluator.value(first), `fs.${target.member}()`);
    } else if (target?.module === 'child_process' && first !== undefined) {
      if (target.member === 'fork') note(evaluator.value(first), 'fork()');
      else if (second?.type === 'ArrayExpression' && runsNode(first)) {
        const script = second.elements.find(
          (item) => item !== null && !evaluator.value(item).texts.every((word) => word.startsWith('-')),
        );
        if (script !== null && script !== undefined) note(evaluator.value(script), `${target.member ?? 'spawn'}()`);
      }
    } else if (target?.module === 'module' && target.member === 'register' && first !== undefined) {
      load(node, evaluator.value(first), 'module.register()', { mode: 'import', optional: false });
    } else if (target?.module === 'express' && target.member === 'static' && first !== undefined)
      note(evaluator.value(first), 'express.static()');
    if (options.wantsCall(target, name, node.arguments[0])) {
      calls.push({
        ...(target === undefined ? {} : { target }),
        name,
        arguments: node.arguments,
        value: (item) => evaluator.value(item),
        line,
      });
    }
  };

  const runsNode = (program: AnyNode): boolean => {
    const found = evaluator.moduleOf(program);
    if (found?.module === 'process') return found.member === 'execPath' || found.member === 'argv0';
    return evaluator.value(program).texts.some((item) => /^(?:.*\/)?node$/.test(item));
  };

  const visitNew = (node: AnyNode & { type: 'NewExpression' }, state: State): boolean => {
    const [first] = node.arguments as readonly (AnyNode | undefined)[];
    const target = evaluator.moduleOf(node.callee);
    const isWorker =
      node.callee.type === 'Identifier' ? node.callee.name === 'Worker' : nameOfCallee(node.callee) === 'Worker';
    if (first === undefined || !(isWorker || (target?.module === 'worker_threads' && target.member === 'Worker')))
      return false;
    const found = evaluator.value(first);
    const names = found.texts
      .map((item) => item.replace(/^file:\/\//, ''))
      .filter((item) => item !== WILD && item !== '');
    if (found.anchored || names.length === 0) return false;
    requests.push({ kind: 'name', names, by: 'new Worker()', line: lineOf(node.start) });
    visitArguments(node, state);
    return true;
  };

  /** pino's transports are modules that are named in data: `{transport: {target: 'pino-pretty'}}`, `{targets: [{target: …}]}`. */
  const visitProperty = (node: AnyNode & { type: 'Property' }, state: State): boolean => {
    const key =
      node.key.type === 'Identifier' && !node.computed
        ? node.key.name
        : node.key.type === 'Literal'
          ? node.key.value
          : undefined;
    if (key === 'transport') {
      visit(node.value, { ...state, transport: true });
      return true;
    }
    if (key === 'target' && state.transport) {
      const found = evaluator.value(node.value);
      if (!found.anchored && found.texts.every((item) => !item.includes(WILD) && !/^[a-z]+:\/\//i.test(item)))
        load(node, found, 'a log transport', { mode: 'require', optional: true });
    }
    return false;
  };

  const visitArguments = (node: AnyNode & { type: 'CallExpression' | 'NewExpression' }, state: State): void => {
    if (node.callee.type !== 'Identifier') visit(node.callee, state);
    for (const item of node.arguments) visit(item, state);
  };

  const baseOf = (callee: AnyNode): { base?: string } => {
    const binding = callee.type === 'Identifier' ? bindings.get(callee.name) : undefined;
    const made = isCreateRequire(callee)
      ? callee
      : binding?.kind === 'value' && isCreateRequire(binding.init)
        ? binding.init
        : undefined;
    return made === undefined ? {} : baseOfCreateRequire(made, evaluator, options.file);
  };

  visit(program, { guarded: false, noted: false, transport: false });
  return { requests, calls };
}

const CANDIDATES: ReadonlySet<string> = new Set(
  'CallExpression TemplateLiteral BinaryExpression NewExpression MemberExpression ConditionalExpression LogicalExpression'.split(
    ' ',
  ),
);

function baseOfCreateRequire(
  made: AnyNode & { type: 'CallExpression' },
  evaluator: Evaluator,
  file: string,
): { base?: string } {
  const [first] = made.arguments as readonly (AnyNode | undefined)[];
  const [text] = first === undefined ? [] : evaluator.value(first).texts;
  const path = text?.startsWith('file://') === true ? text.slice('file://'.length) : text;
  return path === undefined || !path.startsWith('/') || path.includes(WILD) || path === file ? {} : { base: path };
}
