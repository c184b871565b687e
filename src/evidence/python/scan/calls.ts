import type { Evaluator } from './evaluate.ts';
import { childrenOf, type SyntaxNode } from './nodes.ts';
import { type Call, type Load, PACKAGE, WILD } from './types.ts';

/** Functions that load the module which their first argument names. */
export const LOADERS =
  /^(?:import_module|__import__|import_string|import_object|import_from_cwd|import_optional_dependency|symbol_by_name|load_class|resolve_name|run_module|lazy_import|LazyImport|LazyModule|LazyLoader|LazyObject|load_module|import_app|maybe_import|try_import|optional_import|safe_import|_import_module|_import|lazyimport)$/;

/** Functions whose calls some rule asks about, by their last name. */
export const CALLED: ReadonlySet<string> = new Set(
  `CDLL PyDLL LoadLibrary load_library find_library dlopen
  load_entry_point entry_points iter_entry_points get_entry_map select version distribution metadata requires get_distribution require from_name
  files get_data resource_filename resource_string resource_stream resource_listdir open_text open_binary read_text read_binary path contents is_resource
  PackageLoader FileSystemLoader Jinja2Templates StaticFiles Environment Flask Blueprint APIFlask Quart
  insert append addsitedir extend_path Celery autodiscover_tasks config_from_object config_from_envvar setdefault
  run Config start_server register_module translation bindtextdomain ZoneInfo get_localzone attach`.split(/\s+/),
);

/** Names from which a path beside the source is made. */
export const FILE_CALL: ReadonlySet<string> = new Set(['__file__', '__path__', 'files', 'getfile', '__spec__']);

/** Arguments of one call that are kept. */
const MAX_ARGUMENTS = 16;

/** Calls that mean something only with a certain owner. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  append: /^sys\.path\.append$/,
  insert: /^sys\.path\.insert$/,
  select: /^$/,
  setdefault: /environ\.setdefault$/,
  run: /(?:^|\.)(?:uvicorn|hypercorn|granian)\.run$|^subprocess\.run$/,
  path: /resources\.path$/,
  files: /resources\.files$|^files$|metadata\.files$/,
  version: /metadata\.version$|^version$/,
  metadata: /metadata\.metadata$|^metadata$/,
  requires: /metadata\.requires$/,
  require: /^pkg_resources\.require$/,
  contents: /resources\.contents$/,
  Environment: /^$/,
  attach: /lazy_loader\.attach$|lazy\.attach$/,
};

export function callOf(call: SyntaxNode, text: string, evaluator: Evaluator, line: number): Call | undefined {
  const callee = call.firstChild as SyntaxNode;
  const last = callee.name === 'MemberExpression' ? (callee.lastChild ?? callee) : callee;
  const word = text.slice(last.from, last.to);
  const name = evaluator.nameOf(callee) ?? `?.${word}`;
  const owner = Object.hasOwn(OWNERS, word) ? OWNERS[word] : undefined;
  if (owner !== undefined && !owner.test(name)) return undefined;
  return { name, ...argumentsOf(call, text, evaluator), line };
}

export function loadOf(call: SyntaxNode, text: string, evaluator: Evaluator, line: number): Load | undefined {
  const { args, keywords } = argumentsOf(call, text, evaluator);
  const callee = call.firstChild as SyntaxNode;
  const by = `${text.slice(callee.from, callee.to).replaceAll(/\s+/g, '').slice(0, 60)}()`;
  const first = args[0] ?? keywords['name'] ?? keywords['import_name'];
  if (first === undefined) return undefined;
  const bases = args[1] ?? keywords['package'] ?? [PACKAGE];
  const names = first.flatMap((name) => {
    if (!name.startsWith('.')) return [name];
    const dots = /^\.+/.exec(name)?.[0].length ?? 1;
    return bases.map((base) => (base === WILD ? WILD : `${base}${'/..'.repeat(dots - 1)}.${name.slice(dots)}`));
  });
  const useful = [...new Set(names)].filter((name) => name !== WILD && !name.startsWith(WILD));
  return useful.length === 0 ? undefined : { names: useful, by, line };
}

function argumentsOf(call: SyntaxNode, text: string, evaluator: Evaluator): Pick<Call, 'args' | 'keywords'> {
  const list = call.lastChild;
  const args: (readonly string[])[] = [];
  const keywords: Record<string, readonly string[]> = Object.create(null) as Record<string, readonly string[]>;
  if (list?.name !== 'ArgList') return { args, keywords };
  let group: SyntaxNode[] = [];
  const finish = (): void => {
    const [first, operator, value] = group;
    if (first !== undefined && args.length < MAX_ARGUMENTS) {
      if (operator?.name === 'AssignOp' && value !== undefined)
        keywords[text.slice(first.from, first.to)] = valuesOf(value, evaluator);
      else args.push(operator === undefined ? valuesOf(first, evaluator) : [WILD]);
    }
    group = [];
  };
  for (const child of childrenOf(list)) {
    if (child.name === '(' || child.name === ')') continue;
    if (child.name === ',') finish();
    else group.push(child);
  }
  finish();
  return { args, keywords };
}

function valuesOf(node: SyntaxNode, evaluator: Evaluator): readonly string[] {
  return /^(?:Array|Tuple|Set|Dictionary)Expression$/.test(node.name) ? evaluator.leaves(node) : evaluator.texts(node);
}
