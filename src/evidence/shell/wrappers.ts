/** A program whose arguments hold another command. */
interface Wrapper {
  /** Options that take the next word as their value. */
  readonly valued?: readonly string[];
  /** Words between the options and the command. */
  readonly operands?: number;
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  catatonit: {},
  chpst: { valued: ['-u', '-U', '-b', '-e', '-/', '-C', '-n', '-l', '-L', '-m', '-d', '-o', '-p', '-f', '-c', '-t'] },
  chroot: { valued: [], operands: 1 },
  chrt: { valued: ['-T', '-P', '-D'], operands: 1 },
  doas: { valued: ['-u', '-C'] },
  'docker-init': { valued: ['-p', '-e'] },
  'dumb-init': { valued: ['-r', '--rewrite'] },
  envdir: { operands: 1 },
  eatmydata: {},
  exec: { valued: ['-a'] },
  faketime: { operands: 1 },
  fakeroot: {},
  fixuid: { valued: ['-c'] },
  flock: { valued: ['-w', '--timeout', '-E', '--conflict-exit-code'], operands: 1 },
  gosu: { operands: 1 },
  ionice: { valued: ['-c', '-n', '--class', '--classdata'] },
  nice: { valued: ['-n', '--adjustment'] },
  nohup: {},
  nsenter: { valued: ['-t', '--target', '-S', '-G'] },
  prlimit: { valued: ['-p', '--pid', '-o', '--output'] },
  runuser: { valued: ['-u', '--user', '-g', '--group', '-G', '--supp-group', '-w'] },
  's6-envdir': { operands: 1 },
  's6-setuidgid': { operands: 1 },
  's6-softlimit': { valued: ['-a', '-c', '-d', '-f', '-l', '-m', '-o', '-p', '-r', '-s', '-t'] },
  setarch: { operands: 1 },
  setpriv: { valued: ['--reuid', '--regid', '--groups', '--inh-caps', '--ambient-caps', '--bounding-set'] },
  setsid: {},
  setuidgid: { operands: 1 },
  softlimit: { valued: ['-a', '-c', '-d', '-f', '-l', '-m', '-o', '-p', '-r', '-s', '-t'] },
  stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
  'su-exec': { operands: 1 },
  sudo: { valued: ['-u', '-g', '-h', '-p', '-C', '-r', '-t', '-U', '--user', '--group'] },
  taskset: { operands: 1 },
  time: { valued: ['-f', '-o', '--format', '--output'] },
  timeout: { valued: ['-k', '-s', '--kill-after', '--signal'], operands: 1 },
  tini: { valued: ['-p', '-e'] },
  'tini-static': { valued: ['-p', '-e'] },
  unbuffer: {},
  unshare: { valued: ['-S', '-G', '-R', '-w'] },
  watch: { valued: ['-n', '--interval'] },
  'with-contenv': {},
  xargs: {
    valued: ['-I', '-n', '-P', '-d', '-L', '-s', '-E', '-a', '--max-args', '--max-procs', '--arg-file', '--delimiter'],
  },
};

const ENV_VALUED = ['-u', '-C', '--unset', '--chdir'];
/** Programs that hand the STRING of `-c STRING` to the user's shell (su(1), runuser(1), script(1)). */
const SHELL_STRING = new Set(['runuser', 'script', 'su']);
const FIND_ACTIONS = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/** Words of a command: each with the values that it may have; none when that is only known at run time. */
export type Argv = readonly (readonly string[])[];

/** A command that another starts, and what that changes for it. */
export interface Wrapped {
  readonly argv: Argv;
  readonly env?: Readonly<Record<string, string>>;
  readonly chdir?: string;
}

/** The commands that a program starts because its arguments say so. `argv[0]` is `name`, whatever it is called by. */
export function wrappedCommands(name: string, argv: Argv): Wrapped[] {
  if (name === 'env') return [envCommand(argv)];
  if (name === 'find') return findCommands(argv).map((words) => ({ argv: words }));
  if (name === 'start-stop-daemon') return daemonCommand(argv);
  const string = SHELL_STRING.has(name) ? shellString(argv) : undefined;
  if (string !== undefined) return [{ argv: [['/bin/sh'], ['-c'], string] }];
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper === undefined) return [];
  return [{ argv: argv.slice(afterOptions(argv, wrapper.valued ?? []) + (wrapper.operands ?? 0)) }];
}

/** Where the options end. A word that is only known at run time ends them too: it is more likely the command than an option. */
export function afterOptions(argv: Argv, valued: readonly string[]): number {
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at]?.[0];
    if (word === undefined || !word.startsWith('-') || word === '-') break;
    if (word === '--') return at + 1;
    if (valued.includes(word)) at++;
  }
  return at;
}

/** env(1): options, then assignments, then the command; `-S` holds all of them in one word, which is how a `#!` line passes several. */
function envCommand(argv: Argv): Wrapped {
  let words = [...argv];
  let chdir: string | undefined;
  for (let at = 1; at < words.length; at++) {
    const word = words[at]?.[0] ?? '';
    const split = /^(?:-[a-zA-Z]*S|--split-string(?:=|$))(.*)$/s.exec(word)?.[1];
    if (split !== undefined) {
      const text = split === '' ? (words[at + 1]?.[0] ?? '') : split;
      words = [...words.slice(0, at), ...splitString(text), ...words.slice(at + (split === '' ? 2 : 1))];
      at--;
    } else if (ENV_VALUED.includes(word)) {
      at++;
      if (word === '-C' || word === '--chdir') chdir = words[at]?.[0];
    } else if (word === '--') return afterAssignments(words.slice(at + 1), chdir);
    else if (word.startsWith('--chdir=')) chdir = word.slice('--chdir='.length);
    else if (!word.startsWith('-')) return afterAssignments(words.slice(at), chdir);
  }
  return { argv: [] };
}

function afterAssignments(words: Argv, chdir: string | undefined): Wrapped {
  const env: [string, string][] = [];
  for (const [at, [word = '']] of words.entries()) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined) env.push([name, value]);
    else return { argv: words.slice(at), env: Object.fromEntries(env), ...(chdir !== undefined && { chdir }) };
  }
  return { argv: [] };
}

function splitString(text: string): string[][] {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => [word.replaceAll(/["']/g, '')]);
}

function findCommands(argv: Argv): Argv[] {
  const out: Argv[] = [];
  for (const [at, [word]] of argv.entries()) {
    if (word === undefined || !FIND_ACTIONS.has(word)) continue;
    const rest = argv.slice(at + 1);
    const end = rest.findIndex(([text]) => text === ';' || text === '+');
    out.push(end === -1 ? rest : rest.slice(0, end));
  }
  return out;
}

function shellString(argv: Argv): readonly string[] | undefined {
  for (const [at, [word = '']] of argv.entries()) {
    if (word === '-c' || word === '--command') return argv[at + 1];
    if (word.startsWith('--command=')) return [word.slice('--command='.length)];
  }
  return undefined;
}

function daemonCommand(argv: Argv): Wrapped[] {
  const at = argv.findIndex(([word]) => ['-x', '--exec', '-a', '--startas'].includes(word ?? ''));
  const dashes = argv.findIndex(([word]) => word === '--');
  const program = argv[at + 1];
  if (at === -1 || program === undefined) return [];
  const chdir = argv[argv.findIndex(([word]) => word === '-d' || word === '--chdir') + 1]?.[0];
  const words = [program, ...(dashes === -1 ? [] : argv.slice(dashes + 1))];
  return [{ argv: words, ...(chdir?.startsWith('/') === true && { chdir }) }];
}
