import { showPath } from '../../base/path.ts';
import { fileAt } from '../node/files.ts';
import { textMatcher } from '../node/pattern.ts';
import { type Asker, filesOfModule } from './modules.ts';
import { isTest } from './names.ts';
import type { Need } from './needs.ts';
import { isStdlib, type PythonProcess } from './process.ts';
import { NAME, PACKAGE, type Load, type Scan, TOP, WILD } from './scan/types.ts';

/** Modules that one computed name may bring in. */
const MAX_MATCHES = 2000;

/** Modules whose names stand in texts: `import_module('a.b')`, `'gunicorn.workers.sync.SyncWorker'`, maps of lazily loaded names. */
export async function namedNeeds(process: PythonProcess, asker: Asker, scan: Scan): Promise<Need[]> {
  const out: Need[] = [];
  for (const load of scan.loads) out.push(...(await loadNeeds(process, asker, scan, load)));
  out.push(...dottedNeeds(process, asker, scan));
  if (scan.getattr) out.push(...lazyNames(process, asker, scan));
  if (scan.lists) out.push(...listedModules(process, asker));
  return out;
}

function packageOf({ file, module }: Asker): string | undefined {
  if (module === undefined) return undefined;
  return /\/__init__\.[^/]*$/.test(file.path)
    ? module
    : module.includes('.')
      ? module.slice(0, module.lastIndexOf('.'))
      : '';
}

/** The name with what is known of its module filled in. Undefined when it has no name, or the dots lead above the top. */
function filledName(asker: Asker, text: string): string | undefined {
  let out = text;
  if (out.includes(NAME)) {
    if (asker.module === undefined) return undefined;
    out = out.replaceAll(NAME, asker.module);
  }
  if (out.includes(TOP)) {
    if (asker.module === undefined) return undefined;
    out = out.replaceAll(TOP, asker.module.split('.')[0] as string);
  }
  if (out.includes(PACKAGE)) {
    const base = packageOf(asker);
    if (base === undefined || base === '') return undefined;
    out = out.replaceAll(PACKAGE, base);
  }
  const [, base = '', ups = '', rest = ''] = /^([^/]*)((?:\/\.\.)*)(.*)$/s.exec(out) ?? [];
  if (ups === '') return out;
  const parts = base.split('.');
  const up = ups.length / 3;
  return up < parts.length ? parts.slice(0, parts.length - up).join('.') + rest : undefined;
}

async function loadNeeds(process: PythonProcess, asker: Asker, scan: Scan, { by, line, names }: Load): Promise<Need[]> {
  const out: Need[] = [];
  for (const text of names) {
    const name = filledName(asker, text)?.replace(/[:].*$/, '');
    if (name === undefined) continue;
    if (!name.includes(WILD)) {
      const why = { because: `${by} of ${showPath(name)}`, certainty: 'likely', line } as const;
      out.push(...(moduleOrMember(process, name, why) ?? []));
      continue;
    }
    // Only inside a package that the text names: `__name__ + '.' + x`, not `x`.
    const fixed = name.slice(0, name.indexOf(WILD));
    const dot = fixed.lastIndexOf('.');
    if (dot <= 0) continue;
    out.push(...(await patternNeeds(process, scan, { parent: fixed.slice(0, dot), pattern: name, by, line })));
  }
  return out;
}

/** Submodules that a pattern means: those that the source has the names of, else all that match. */
async function patternNeeds(
  process: PythonProcess,
  scan: Scan,
  {
    by,
    line,
    parent,
    pattern,
  }: { readonly parent: string; readonly pattern: string; readonly by: string; readonly line: number },
): Promise<Need[]> {
  const matches = textMatcher(pattern);
  const children = process.resolver
    .children(parent)
    .filter((name) => matches(name) && !isTest(name.slice(parent.length)));
  const init = process.resolver.find(parent)?.path;
  const entry = init?.endsWith('.py') === true ? fileAt(process.tree, init) : undefined;
  const above = entry === undefined ? undefined : await process.scan(entry);
  const words = new Set(
    [...Object.values(scan.constants), ...Object.values(above?.constants ?? {})]
      .flat()
      .flatMap((text) => [text, `${parent}.${text.replace(/^\./, '')}`]),
  );
  const listed = children.filter((name) => words.has(name));
  const certainty = listed.length > 0 ? 'likely' : 'guess';
  const because = `${by} of a computed name in ${parent}`;
  return (listed.length > 0 ? listed : children)
    .slice(0, MAX_MATCHES)
    .flatMap((name) => filesOfModule(process, name, { because, certainty, line }).needs);
}

/** A dotted text may name a module, or something in one: the longest part that is a module counts, when it has a dot or a file of its own. */
export function moduleOrMember(
  process: PythonProcess,
  text: string,
  why: { readonly because: string; readonly certainty: Need['certainty']; readonly line?: number },
): Need[] | undefined {
  const chain = process.resolver.chain(text);
  const last = chain.at(-1);
  if (last === undefined) return undefined;
  return filesOfModule(process, last.name, why).needs.slice();
}

/** Constants that name modules of installed packages or of the application. */
function dottedNeeds(process: PythonProcess, asker: Asker, scan: Scan): Need[] {
  if (isStdlib(process, asker.file.path)) return [];
  const out: Need[] = [];
  const own = packageOf(asker);
  for (const [text, line] of scan.dotted) {
    const name = text.startsWith('.') ? relativeName(own, text) : text.replace(/:.*$/, '');
    if (name === undefined || isTest(name)) continue;
    const chain = process.resolver.chain(name);
    const last = chain.at(-1);
    // `'app:create'` is enough by itself; of `'a.b'` the second part must be a module too, or the text may mean anything.
    const enough = text.includes(':') ? chain.length === name.split('.').length : chain.length > 1;
    if (last === undefined || !enough || (last.path === undefined && last.kind !== 'namespace')) continue;
    if (last.path !== undefined && isStdlib(process, last.path)) continue;
    out.push(
      ...filesOfModule(process, last.name, { because: `it names ${JSON.stringify(text)}`, certainty: 'likely', line })
        .needs,
    );
  }
  return out;
}

function relativeName(own: string | undefined, text: string): string | undefined {
  if (own === undefined || own === '') return undefined;
  const dots = /^\.+/.exec(text)?.[0].length ?? 0;
  const parts = own.split('.');
  return dots > parts.length ? undefined : [...parts.slice(0, parts.length - dots + 1), text.slice(dots)].join('.');
}

/** PEP 562: a module-level `__getattr__` loads submodules whose names stand in maps. */
function lazyNames(process: PythonProcess, asker: Asker, scan: Scan): Need[] {
  const { module } = asker;
  if (module === undefined) return [];
  const children = new Set(process.resolver.children(module));
  const out: Need[] = [];
  const because = 'its __getattr__ may load it';
  for (const text of new Set(
    Object.entries(scan.constants).flatMap(([name, texts]) => (name === '__all__' ? [] : texts)),
  )) {
    const name = `${module}.${text.replace(/^\./, '')}`;
    if (!children.has(`${module}.${text.replace(/^\./, '').replace(/\..*$/, '')}`) || isTest(name)) continue;
    out.push(...(moduleOrMember(process, name, { because, certainty: 'likely' }) ?? []));
  }
  return out;
}

/** `pkgutil.iter_modules(__path__)`, `os.listdir(dirname(__file__))`: whoever lists modules means to load them. */
function listedModules(process: PythonProcess, asker: Asker): Need[] {
  const own = packageOf(asker);
  if (own === undefined || own === '' || isStdlib(process, asker.file.path)) return [];
  const because = 'it lists the modules of its package';
  return process.resolver
    .children(own)
    .filter((name) => !isTest(name.slice(own.length)))
    .slice(0, MAX_MATCHES)
    .flatMap((name) => filesOfModule(process, name, { because, certainty: 'guess' }).needs);
}
