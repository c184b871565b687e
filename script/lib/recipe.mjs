// A recipe is a Dockerfile in a small subset: FROM, RUN, COPY, ENV, WORKDIR, EXPOSE, USER, STOPSIGNAL, ENTRYPOINT, CMD.
// Paths of COPY are relative to the project; `COPY --from=npm:NAME@VERSION` takes them from a package. RUN is always root's, so USER stands after the last RUN.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';

const CONFIG = ['ENV', 'WORKDIR', 'EXPOSE', 'USER', 'STOPSIGNAL', 'ENTRYPOINT', 'CMD'];

/** `{title, steps}`; title is the first comment, a step is `{word, rest, line}` in the order of the file. */
export function parseRecipe(text, name) {
  const title = /^#\s*(.*)$/m.exec(text)?.[1] ?? '';
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const steps = lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      if (word === undefined || !['FROM', 'RUN', 'COPY', ...CONFIG].includes(word))
        throw new Error(`${name}: not an instruction of a recipe: ${line}`);
      return { word, rest, line };
    });
  if (steps.shift()?.line !== 'FROM debian:bookworm')
    throw new Error(`${name}: does not begin with FROM debian:bookworm`);
  if (
    steps.findIndex(({ word }) => word === 'USER') < steps.findLastIndex(({ word }) => word === 'RUN') &&
    steps.some(({ word }) => word === 'USER')
  )
    throw new Error(`${name}: USER stands before a RUN`);
  return { title, steps };
}

export const makesLayer = ({ word }) => word === 'RUN' || word === 'COPY';

/** `ENTRYPOINT`, `CMD`: a JSON list as it is, anything else a line for the shell. */
export function argvOf(rest) {
  return rest.startsWith('[') ? JSON.parse(rest) : ['/bin/sh', '-c', rest];
}

/** `A=1 B="two words"` as a list of `A=1`, `B=two words`. */
export function pairsOf(rest) {
  return [...rest.matchAll(/([A-Za-z_]\w*)=(?:"([^"]*)"|(\S*))/g)].map(
    ([, key, quoted, plain]) => `${key}=${quoted ?? plain}`,
  );
}

/** `[--from=npm:NAME@VERSION] SOURCE… TARGET`; `from` is NAME@VERSION, in which `$ARCH` is Node's word for this machine's processor. */
export function copyOf(rest) {
  const [, from, words] = /^(?:--from=npm:(\S+)\s+)?(.*)$/.exec(rest);
  const paths = words.split(/\s+/);
  return { from: from?.replace('$ARCH', process.arch), sources: paths.slice(0, -1), target: paths.at(-1) };
}

/** What is about an example rather than of it: changing it must not make the original anew. */
const ABOUT = ['README.md', 'tare.yaml', '.gitignore'];

/** What a COPY leaves out: `about`, and what .gitignore files name: things installed and compiled, for an original makes its own. */
export function ignoredIn(project, source, about = ABOUT) {
  const names = ['.', 'examples', source]
    .map((dir) => join(project, dir, '.gitignore'))
    .flatMap((file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []))
    .map((line) => line.trim().replace(/^\/|\/$/g, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  const patterns = [...about, ...names].map(
    (name) => new RegExp(`^${name.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`),
  );
  return (path) => patterns.some((pattern) => pattern.test(basename(path)));
}

/** The keys of a recipe's steps: each is the hash of the key before, the instruction, and the files that it copies. */
export function keysOf(steps, { project, base }) {
  let key = hash(base);
  return steps.map((step) => {
    const { from, sources } = step.word === 'COPY' ? copyOf(step.rest) : { sources: [] };
    key = hash(key, step.line, ...(from === undefined ? sources.map((source) => treeHash(project, source)) : [from]));
    return key;
  });
}

function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:`).update(part);
  return sum.digest('hex');
}

function treeHash(project, source) {
  const skip = lstatSync(join(project, source)).isDirectory() ? ignoredIn(project, source) : () => false;
  const walk = (path) => {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return hash('link', readlinkSync(path));
    if (!stat.isDirectory()) return hash('file', String(stat.mode & 0o111), readFileSync(path));
    const names = readdirSync(path)
      .filter((name) => !skip(name))
      .toSorted();
    return hash('dir', ...names.flatMap((name) => [name, walk(join(path, name))]));
  };
  return walk(join(project, source));
}
