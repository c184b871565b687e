import { bytesOfText, type ByteString, parentOf, type TreePath } from '../../base/path.ts';
import { DEFAULT_PATH, findProgram } from '../shell/search.ts';
import { optionValues } from './arguments.ts';
import { type IniSection, parseIni } from './ini.ts';
import { plainWords } from '../shell/plain-words.ts';
import type { Need, ServerRule, Setup, Started, Statement } from './types.ts';

type Values = Readonly<Record<string, ByteString>>;

/** Sections that start processes. */
const STARTED = /^(?:program|eventlistener|fcgi-program):(.*)$/s;
/** Processes of one section that are looked at: they differ in their numbers. */
const MAX_PROCESSES = 8;
/** Log files that are none. */
const NO_LOG = /^(?:none|off|auto|syslog)?$/i;

/** supervisord and what it starts (supervisord.org, "Configuration File"; supervisor/options.py of 4.2 for the order of things). */
export const supervisord: ServerRule = {
  programs: /^supervisord$/,
  isScript: true,
  setup,
  parse: (text, file) => {
    const folder = parentOf(file);
    const statements = parseIni(text).map((section) => statementOf(section, folder));
    // What it sets holds for every process, wherever it stands.
    const isFirst = ({ name }: Statement): boolean => name === '[supervisord]';
    return { statements: [...statements.filter(isFirst), ...statements.filter((each) => !isFirst(each))] };
  },
  needs,
  sets: (statement, { variables }) =>
    statement.name === '[supervisord]' ? environmentOf(valuesOf(statement), expansionsOf(variables)) : undefined,
};

async function setup(started: Started): Promise<Setup> {
  const { args, cwd, env, tree } = started;
  const given = optionValues(args, '-c', '--configuration').map(bytesOfText);
  const usual = usualPlaces(started).find((path) => tree.resolve(path as TreePath) !== undefined);
  const config = given.at(-1) ?? usual ?? '/etc/supervisor/supervisord.conf';
  const because = given.length > 0 ? `-c ${config}` : 'is where supervisord looks for its configuration';
  const need = (what: 'file' | 'written', ...names: readonly string[]): Setup['needs'] =>
    optionValues(args, ...names).map((text) => ({
      need: { what, text: bytesOfText(text) },
      because: `${names[0] ?? ''} ${text}`,
    }));
  return {
    configs: [{ text: config, because }],
    statements: [],
    bases: [cwd],
    variables: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])),
    needs: [
      ...need('file', '-d', '--directory'),
      ...need('file', '-q', '--childlogdir'),
      ...need('written', '-l', '--logfile'),
      ...need('written', '-j', '--pidfile'),
    ],
  };
}

/** Relative to the folder above the program's, to the working folder, and in the system's. */
function usualPlaces({ called, cwd, env, program, tree }: Started): ByteString[] {
  const where = { searchPaths: [bytesOfText(env['PATH'] ?? DEFAULT_PATH)], folders: [cwd] };
  const named = findProgram(tree, bytesOfText(called), where);
  const path = named?.entry.path === program.path ? named.path : program.path;
  const prefix = parentOf(parentOf(path)).replace(/\/$/, '');
  const own = cwd.replace(/\/$/, '');
  return [
    `${prefix}/etc/supervisord.conf`,
    `${prefix}/supervisord.conf`,
    `${own}/supervisord.conf`,
    `${own}/etc/supervisord.conf`,
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ];
}

/** A section as `[name] key=value …`, the command first. `%(here)s` is the folder of the file. */
function statementOf({ line, name, values }: IniSection, folder: TreePath): Statement {
  const rank = (key: string): number => (key === 'command' ? 0 : 1);
  const rows = [...values].sort(([a], [b]) => rank(a) - rank(b));
  return {
    name: `[${name}]`,
    args: rows.map(([key, { text }]) => `${key}=${text.replaceAll('%(here)s', folder)}`),
    line: values.get('command')?.line ?? line,
    env: { here: folder },
  };
}

function valuesOf({ args }: Statement): ReadonlyMap<string, ByteString> {
  return new Map(args.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
}

function needs(statement: Statement, { variables }: Setup): Need[] {
  const values = valuesOf(statement);
  const section = statement.name.slice(1, -1);
  const known = expansionsOf(variables);
  const value = (key: string): ByteString => expand(values.get(key) ?? '', known).trim();
  if (section === 'include') {
    const folder = statement.env?.['here'] ?? '/';
    const patterns = value('files').split(/\s+/);
    return patterns.filter((text) => text !== '').map((text) => ({ what: 'include', text: from(folder, text) }));
  }
  if (section === 'supervisord')
    return [
      ...written(value('logfile')),
      ...written(value('pidfile')),
      ...folders(value('childlogdir'), value('directory')),
    ];
  if (section === 'unix_http_server') return written(value('file'));
  if (section.startsWith('rpcinterface:')) return plugIn(value('supervisor.rpcinterface_factory'));
  const [, name] = STARTED.exec(section) ?? [];
  return name === undefined ? [] : [...processNeeds(name, values, known), ...plugIn(value('result_handler'))];
}

/** `package.module:function`, which supervisord imports: python finds it as it would find a module to run. */
function plugIn(text: ByteString): Need[] {
  const [module = ''] = text.split(':');
  if (!/^[\w.]+$/.test(module) || module.startsWith('supervisor.')) return [];
  return [{ what: 'process', argv: ['python3', '-m', module], perhaps: true }];
}

function processNeeds(name: ByteString, values: ReadonlyMap<string, ByteString>, known: Values): Need[] {
  const count = Math.min(Number(values.get('numprocs') ?? 1) || 1, MAX_PROCESSES);
  const first = Number(values.get('numprocs_start') ?? 0) || 0;
  return Array.from({ length: count }, (_, at) => at + first).flatMap((number): Need[] => {
    const own = { ...known, program_name: name, group_name: name, process_num: String(number) };
    const env = environmentOf(values, own);
    const all = { ...own, ...expansionsOf(env) };
    const value = (key: string): ByteString => expand(values.get(key) ?? '', all).trim();
    const directory = value('directory');
    const argv = plainWords(value('command'));
    const perhaps = /^(?:false|no|off|0)$/i.test(value('autostart'));
    const process: Need = { what: 'process', argv, env, perhaps, ...(directory !== '' && { cwd: directory }) };
    // `pidproxy PIDFILE COMMAND` comes with supervisord.
    const proxied = /(?:^|\/)pidproxy$/.test(argv[0] ?? '') ? [{ ...process, argv: argv.slice(2) }] : [];
    const logs = ['stdout_logfile', 'stderr_logfile'].map(value).filter((text) => !NO_LOG.test(text));
    return [process, ...proxied, ...logs.flatMap(written), ...written(value('socket').replace(/^\w+:\/\//, ''))];
  });
}

function written(text: ByteString): Need[] {
  return text.includes('/') ? [{ what: 'written', text }] : [];
}

function folders(...texts: readonly ByteString[]): Need[] {
  return texts.filter((text) => text !== '').map((text) => ({ what: 'file', text }));
}

function from(folder: ByteString, text: ByteString): ByteString {
  return text.startsWith('/') ? text : `${folder === '/' ? '' : folder}/${text}`;
}

/** `KEY="value",OTHER=value`. */
function environmentOf(values: ReadonlyMap<string, ByteString>, known: Values): Record<string, ByteString> {
  const text = expand(values.get('environment') ?? '', known);
  const pairs = [...text.matchAll(/(?<![^\s,])([^\s=,"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,"']*))/g)];
  return Object.fromEntries(pairs.map(([, key = '', double, single, bare]) => [key, double ?? single ?? bare ?? '']));
}

function expansionsOf(variables: Values): Record<string, ByteString> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [`ENV_${name}`, value]));
}

/** `%(name)s`, `%(process_num)02d`, `%%`. What is not known stays as it is. */
function expand(text: ByteString, values: Values): ByteString {
  return text.replaceAll(
    /%(?:%|\(([\w.-]{1,100})\)(0?)(\d{0,2})[sd])/g,
    (whole, name?: string, zero?: string, width?: string) => {
      if (name === undefined) return '%';
      const value = Object.hasOwn(values, name) ? (values[name] as string) : undefined;
      return value?.padStart(Number(width ?? 0), zero === '0' ? '0' : ' ') ?? whole;
    },
  );
}
