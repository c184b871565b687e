import { nameOf, showPath, type TreePath } from '../../base/path.ts';
import { fileAt, resolveText } from '../node/files.ts';
import type { Edge } from '../types.ts';
import { scanNeeds } from './analyse.ts';
import { localeNeeds } from './locale.ts';
import { filesOfModule } from './modules.ts';
import { isTest } from './names.ts';
import type { Need } from './needs.ts';
import type { PythonProcess } from './process.ts';
import { SITE_MODULES, START_MODULES } from './stdlib.ts';

const KNOWN = new WeakMap<PythonProcess, Promise<readonly Need[]>>();

/** What python reads before the first line of the program: its own library's start, `site`, `.pth` files, and what the command line starts. */
export function startNeeds(process: PythonProcess): Promise<readonly Need[]> {
  let needs = KNOWN.get(process);
  if (needs === undefined) {
    needs = findNeeds(process);
    KNOWN.set(process, needs);
  }
  return needs;
}

async function findNeeds(process: PythonProcess): Promise<readonly Need[]> {
  const { command, script, shown } = process.start;
  const out: Need[] = [...landmarkNeeds(process), ...localeNeeds(process)];
  const add = (module: string, because: string, certainty: Need['certainty'] = 'sure'): void => {
    out.push(...filesOfModule(process, module, { because, certainty }).needs);
  };
  for (const name of START_MODULES) add(name, 'python imports it to start');
  if (!command.noSite) for (const name of SITE_MODULES) add(name, 'python imports it to set up its paths');
  add('encodings', 'python imports it to start');
  for (const name of process.resolver.children('encodings'))
    if (!isTest(name) && !/\.(?:mbcs|oem|_win_cp_codecs)$/.test(name))
      add(name, 'codecs are loaded by their names', 'likely');
  for (const file of process.site.pathFiles) out.push(...(await pathFileNeeds(process, file)));
  if (command.start.kind === 'module') {
    add('runpy', '-m');
    const { name } = command.start;
    add(name, `-m ${name}`);
    add(`${name}.__main__`, `-m ${name}`);
  } else if (command.start.kind === 'code') {
    const { needs } = await codeNeeds(process, command.start.text);
    out.push(...needs.map((need) => ({ ...need, because: `-c: ${need.because}` })));
  } else if (script !== undefined) {
    if (script.entry.type === 'directory') {
      add('runpy', shown);
      const main = resolveText(script.path, '__main__.py');
      if (main !== undefined && fileAt(process.tree, main) !== undefined)
        out.push({ path: main, kind: 'python-import', because: shown, certainty: 'sure' });
    } else out.push({ path: script.path, kind: 'python-import', because: shown, certainty: 'sure' });
  }
  return out;
}

function landmarkNeeds({ layout }: PythonProcess): Need[] {
  return layout.landmarks.map((path): Need => {
    const because = path.endsWith('pyvenv.cfg')
      ? 'python finds its environment by it'
      : 'python finds its library by it';
    return { path, kind: 'looked-up', because, certainty: 'sure' };
  });
}

async function codeNeeds(process: PythonProcess, text: string): Promise<{ readonly needs: readonly Need[] }> {
  const file = process.layout.binary;
  if (file === undefined) return { needs: [] };
  const scan = await process.scanText(file, text);
  return scanNeeds(process, { file, module: '__main__', main: true }, scan, false);
}

async function pathFileNeeds(
  process: PythonProcess,
  { code, path }: { readonly path: TreePath; readonly code: readonly string[] },
): Promise<Need[]> {
  const because = 'site reads it to set up its paths';
  const out: Need[] = [{ path, kind: 'config', because, certainty: 'sure' }];
  if (code.length === 0) return out;
  const { needs } = await codeNeeds(process, code.join('\n'));
  return [...out, ...needs.map((need) => ({ ...need, because: `${showPath(nameOf(path))}: ${need.because}` }))];
}

export function edgeOf(from: TreePath, { because, certainty, kind, line, path }: Need): Edge {
  return { from, to: path, kind, because, certainty, ...(line === undefined ? {} : { at: { line } }) };
}
