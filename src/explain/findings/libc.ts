import { compareBytes, nameOf, textOfBytes } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import { scanFor, type Mark } from '../../packages/runtimes/scan.ts';
import type { Subject } from './subject.ts';
import type { Libc } from './types.ts';

interface LibcRule {
  readonly name: Libc['name'];
  readonly file: RegExp;
  readonly mark: Mark;
}

const RULES: readonly LibcRule[] = [
  {
    name: 'glibc',
    // It was called for its version until 2.33; then `libc.so.6` was a link to it.
    file: /^libc(?:\.so\.6(?:\.1)?|-2\.\d{1,2}\.so)$/,
    // What it prints when it is run as a program.
    mark: { text: 'GNU C Library', version: /^GNU C Library [^\n]{0,120}?version (\d+\.\d+(?:\.\d+)?)/ },
  },
  {
    name: 'musl',
    file: /^ld-musl-\w+\.so\.1$/,
    // `__libc_version`.
    mark: { text: '\x001.', version: /^\0(1\.\d{1,2}\.\d{1,3}(?:_git\d+)?)\0/ },
  },
];
/** Of musl the largest has a million. */
const MAX_BYTES = 64 * 1024 * 1024; // 64 MiB

/** The C libraries of the image, in byte order of their paths; each once, whatever links lead to it. */
export async function libcs({ content, tree }: Pick<Subject, 'content' | 'tree'>): Promise<readonly Libc[]> {
  const found = new Map<string, Libc>();
  for (const { path, type } of tree.walk()) {
    const rule = type === 'directory' ? undefined : RULES.find(({ file }) => file.test(nameOf(path)));
    const entry = rule === undefined ? undefined : tree.resolve(path)?.entry;
    if (rule === undefined || entry?.content === undefined || entry.size > MAX_BYTES) continue;
    const key = textOfBytes(entry.path);
    if (found.has(key) || !isElf(await content.read(entry, { offset: 0, size: 4 }))) continue;
    const version = (await scanFor(content, entry, rule.mark)) ?? null;
    found.set(key, { name: rule.name, version, path: textOfBytes(path) });
  }
  return [...found.values()].sort((a, b) => compareBytes(a.path, b.path));
}
