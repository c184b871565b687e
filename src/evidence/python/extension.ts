import { sha256 } from '../../base/digest.ts';
import { joinPath, nameOf, parentOf, showPath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { libraryOf } from '../elf/library.ts';
import { learn } from '../facts.ts';
import { fileAt } from '../node/files.ts';
import { scanNeeds } from './analyse.ts';
import { filesOfModule } from './modules.ts';
import { isTest } from './names.ts';
import type { Need } from './needs.ts';
import { isStdlib, moduleNameOf, type PythonProcess } from './process.ts';
import { C_IMPORTS, STDLIB_NAMES } from './stdlib.ts';

/** Texts of one extension that look like module names. */
const MAX_NAMES = 4096;
/** Single words that mean something else more often than the module. */
const WORDS = new Set(
  `abc array ast atexit binascii builtins calendar chunk cmd code codecs copy errno formatter gc imp io keyword math operator parser pipes
  platform posix profile queue random readline resource select signal site stat statistics string struct symbol sys test this time timeit token trace
  types parser crypt this antigravity idlelib tkinter turtle turtledemo lib2to3 pydoc pydoc_data ensurepip venv distutils doctest pdb unittest
  email html http json logging xml curses audioop marshal thread nt nis uu xmlrpc wave mailbox netrc sched`.split(
    /\s+/,
  ),
);

/** What Cython compiled; it imports what its source says, and wheels often bring that along. */
const SOURCES = ['.py', '.pyx'];

/** What an extension module imports: of those of the standard library that is known; others tell by a source beside them, or have the names of modules among their constants. */
export async function extensionNeeds(process: PythonProcess, file: Entry): Promise<Need[]> {
  const module = moduleNameOf(process, file.path);
  const out: Need[] = [];
  if (isStdlib(process, file.path)) {
    for (const name of C_IMPORTS[module ?? ''] ?? [])
      out.push(...filesOfModule(process, name, { because: `${module} imports it`, certainty: 'likely' }).needs);
    return out;
  }
  const source = await sourceNeeds(process, file, module);
  if (source !== undefined) return [...source];
  const own = module?.split('.')[0];
  const parent = module?.includes('.') === true ? module.slice(0, module.lastIndexOf('.')) : undefined;
  const siblings = new Set(
    parent === undefined ? [] : process.resolver.children(parent).map((name) => name.slice(parent.length + 1)),
  );
  for (const text of await moduleTexts(process, file, siblings)) {
    const dotted = text.includes('.');
    if (isTest(text)) continue;
    const why = {
      because: `${showPath(file.path)} names ${JSON.stringify(text)}`,
      certainty: dotted ? 'likely' : 'guess',
    } as const;
    if (siblings.has(text) && parent !== undefined) out.push(...filesOfModule(process, `${parent}.${text}`, why).needs);
    const chain = process.resolver.chain(text);
    const last = chain.at(-1);
    if (last === undefined || last.path === file.path || (dotted && chain.length < 2)) continue;
    const stdlib = last.path === undefined || isStdlib(process, last.path);
    if (!dotted && ((stdlib && !STDLIB_NAMES.has(text)) || (!stdlib && last.name !== own))) continue;
    if (dotted || !WORDS.has(text)) out.push(...filesOfModule(process, last.name, why).needs);
  }
  return out;
}

async function sourceNeeds(
  process: PythonProcess,
  file: Entry,
  module: string | undefined,
): Promise<readonly Need[] | undefined> {
  const stem = nameOf(file.path).replace(/\..*$/, '');
  for (const suffix of SOURCES) {
    const source = fileAt(process.tree, joinPath(parentOf(file.path), stem + suffix));
    const scan = source === undefined ? undefined : await process.scan(source);
    if (scan !== undefined) return (await scanNeeds(process, { file, module, main: false }, scan, false)).needs;
  }
  return undefined;
}

function moduleTexts(
  { content, facts, tree }: PythonProcess,
  file: Entry,
  siblings: ReadonlySet<string>,
): Promise<readonly string[]> {
  const question = `python module names 2 ${sha256([...siblings].join('\0'))}`;
  return learn(facts, file, question, async () => {
    const library = libraryOf(tree, content, facts);
    const opened = await library.open(file.path);
    if (opened === undefined || 'broken' in opened) return [];
    const names = new Set<string>();
    await library.visitStrings(opened, (text) => {
      const isName = text.length < 100 && /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(text);
      if (isName && (text.includes('.') || siblings.has(text) || (STDLIB_NAMES.has(text) && !WORDS.has(text))))
        names.add(text);
      return names.size < MAX_NAMES;
    });
    return [...names].sort();
  });
}
