import type { Import } from './types.ts';

/** One module that a statement imports, and the names that this binds. */
export interface ImportText {
  readonly module: string;
  readonly level: number;
  readonly names?: readonly string[];
  /** Local name → full name. */
  readonly aliases: readonly (readonly [name: string, target: string])[];
}

/** Names in one statement; more are no program. */
const MAX_NAMES = 2000;

/** Takes an import statement apart: `import a.b as c, d`, `from ..a import (b as c, d)`. Comments and line ends may be anywhere. */
export function readImport(statement: string): ImportText[] {
  const text = statement.replaceAll(/#[^\n]*/g, ' ').replaceAll(/\\\r?\n|[\r\n\t]/g, ' ');
  const from = /^\s*from\s*([.\s]*)([\w.\s]*?)\s*\bimport\b(.*)$/s.exec(text);
  if (from !== null) {
    const [, dots = '', module = '', rest = ''] = from;
    const clean = module.replaceAll(/\s/g, '');
    const level = dots.replaceAll(/\s/g, '').length;
    const pairs = namesIn(rest.replaceAll(/[()]/g, ' '));
    return [
      {
        module: clean,
        level,
        names: pairs.map(([name]) => name),
        aliases:
          level > 0
            ? []
            : pairs.flatMap(([name, alias]) => (name === '*' ? [] : [[alias ?? name, `${clean}.${name}`] as const])),
      },
    ];
  }
  const plain = /^\s*import\s+(.*)$/s.exec(text);
  return namesIn(plain?.[1] ?? '').map(([module, alias]) => ({
    module,
    level: 0,
    aliases: alias === undefined ? [] : [[alias, module] as const],
  }));
}

function namesIn(list: string): (readonly [name: string, alias: string | undefined])[] {
  return list
    .split(',')
    .slice(0, MAX_NAMES)
    .flatMap((item) => {
      const [, name = '', alias] = /^\s*([\w.\s]+?|\*)(?:\s+as\s+(\w+))?\s*$/.exec(item) ?? [];
      const clean = name.replaceAll(/\s/g, '');
      return clean === '' ? [] : [[clean, alias] as const];
    });
}

/** What a plain search finds in a source that is not understood, without what is known already. */
export function searchImports(text: string, known: readonly Import[]): Import[] {
  const keys = new Set(known.map(keyOf));
  const out: Import[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.length > 2000 || !/^\s*(?:import\s+[\w.]|from\s+[.\w]+\s+import\b)/.test(line)) continue;
    for (const { level, module, names } of readImport(line.replace(/;.*$/, ''))) {
      const item: Import = {
        module,
        level,
        ...(names === undefined ? {} : { names }),
        line: at + 1,
        guarded: true,
        lazy: true,
      };
      if (!keys.has(keyOf(item)) && out.length < MAX_NAMES) out.push(item);
    }
  }
  return out;
}

function keyOf({ level, module, names }: Import): string {
  return `${level} ${module} ${names?.join(',') ?? ''}`;
}
