import { HIDDEN, withoutSecretWords } from '../../base/command-secrets.ts';
import { shownValue } from '../shown-value.ts';
import type { Healthcheck, Image, RunConfig } from '../../oci/types.ts';
import { stepsOf } from './history.ts';
import { instructionOf, isInstruction } from './instruction.ts';

const BASE_NAME = 'org.opencontainers.image.base.name';
const MAX_ARGUMENTS = 1000;

/**
 * A Dockerfile that may have made the image: the instructions of its history, then what its config has besides. It can be parsed, not always built: what COPY and
 * ADD took, arguments, stages and the base are not in an image. A layer of which the history does not tell is `ADD layer-N.tar /`.
 */
export function dockerfileOf(image: Image): string {
  const { config, manifest } = image;
  const run = config.config ?? {};
  const { fit, steps } = stepsOf(config, manifest.layers.length);
  const base = manifest.annotations?.[BASE_NAME];
  const lines = [
    `# Reconstructed by tare from the history and the config of ${comment(image.reference)}.`,
    '# What COPY and ADD took, the values of arguments, stages and the base are not in an image.',
    ...(base === undefined ? [] : [`# The base that it names: ${comment(base)}`]),
    ...(fit === 'mismatched' ? ['# The history does not pair up with the layers.'] : []),
    'FROM scratch',
  ];
  const seen = new Set<string>();
  for (const [at, row] of (config.history ?? []).entries()) {
    const text = instructionOf(row.created_by ?? '', { lines: true });
    const layer = steps[at]?.layer ?? null;
    if (isInstruction(text)) lines.push(instructionLine(text, run, seen));
    else lines.push(...unknownStep(text, layer));
  }
  if (fit === 'missing') lines.push(...manifest.layers.flatMap((_, layer) => unknownStep('', layer)));
  lines.push(...restOf(run, seen).map(withoutSecretWords));
  return `${lines.join('\n')}\n`;
}

function unknownStep(text: string, layer: number | null): readonly string[] {
  const told = text === '' ? [] : [`# ${comment(text)}`];
  if (layer === null) return told;
  return [...(text === '' ? ['# the history does not tell'] : told), `ADD layer-${layer}.tar /`];
}

const comment = (text: string): string =>
  withoutSecretWords(text)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();

/** @param seen gets what the line sets: its keyword, and `ENV NAME` or `LABEL NAME` */
function instructionLine(text: string, run: RunConfig, seen: Set<string>): string {
  const keyword = /^[A-Z]+/.exec(text)?.[0] ?? '';
  const rest = text.slice(keyword.length).trim();
  seen.add(keyword);
  switch (keyword) {
    case 'RUN':
      return runLine(rest);
    case 'CMD':
    case 'ENTRYPOINT':
    case 'SHELL':
    case 'VOLUME':
      return `${keyword} ${listText(rest)}`;
    case 'EXPOSE':
      return `EXPOSE ${portsText(rest)}`;
    case 'ENV':
    case 'LABEL':
      return pairsLine(keyword, pairsOf(rest, keyword === 'ENV' ? envOf(run) : { ...run.Labels }), seen);
    case 'HEALTHCHECK':
      // The history shows a structure of Go; the config has the last one in full.
      return /^(?:--|CMD|NONE)/.test(rest) ? oneLine(text) : withoutSecretWords(healthLine(run.Healthcheck));
    default:
      return oneLine(text);
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Commands in a row get a line each; what has lines of its own came out of a here-document, and becomes one. */
function runLine(command: string): string {
  if (!command.includes('\n')) return `RUN ${splitCommands(command).join(' \\\n    && ')}`;
  let end = 'EOF';
  while (command.split('\n').includes(end)) end += 'F';
  return `RUN <<${end}\n${command}\n${end}`;
}

/** At `&&` that stands between quotes nothing is split. */
function splitCommands(command: string): readonly string[] {
  const parts: string[] = [];
  let quote = '';
  let start = 0;
  for (let at = 0; at < command.length; at++) {
    const char = command[at] as string;
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (command.startsWith(' && ', at)) {
      parts.push(command.slice(start, at).trim());
      start = at + 4;
      at += 3;
    }
  }
  return [...parts, command.slice(start).trim()];
}

/** `["a" "b"]` of Go, and `[a b]` of the classic builder, as JSON; a shell form stays one. */
function listText(text: string): string {
  const inner = /^\[(.*)\]$/s.exec(text)?.[1]?.trim();
  if (inner === undefined) return oneLine(text);
  const quoted = [...inner.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([word]) => word);
  const words = quoted.length > 0 ? quoted.map(unquoted) : inner.split(/[\s,]+/).filter(Boolean);
  return jsonList(words.slice(0, MAX_ARGUMENTS));
}

function unquoted(word: string): string {
  try {
    return String(JSON.parse(word));
  } catch (error) {
    // Go writes \x1b where JSON has \u001b.
    if (error instanceof SyntaxError) return word.slice(1, -1);
    throw error;
  }
}

const jsonList = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;

/** `map[80/tcp:{} 443/tcp:{}]`, `[80/tcp]` */
const portsText = (text: string): string =>
  [...text.matchAll(/\d[\d-]*(?:\/\w+)?/g)].map(([port]) => port).join(' ') || oneLine(text);

type Pairs = readonly (readonly [name: string, value: string])[];

const envOf = ({ Env = [] }: RunConfig): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Env.map((line) => {
      const cut = line.indexOf('=');
      return cut === -1 ? [line, ''] : [line.slice(0, cut), line.slice(cut + 1)];
    }),
  );

/** The history has no quotes: where a value ends the config tells, else the next `NAME=`. */
function pairsOf(text: string, known: Readonly<Record<string, string>>): Pairs {
  const pairs: (readonly [string, string])[] = [];
  let left = text;
  while (left !== '') {
    const cut = left.indexOf('=');
    const name = cut === -1 ? left : left.slice(0, cut);
    if (cut === -1) return [...pairs, nameAndValue(left)];
    const value = left.slice(cut + 1);
    const own = known[name.replaceAll('"', '')];
    const next = own !== undefined && own !== '' && isStartOf(own, value) ? own.length : value.search(/\s+[\w."-]+=/);
    pairs.push([name.replaceAll('"', ''), next === -1 ? value : value.slice(0, next)]);
    left = next === -1 ? '' : value.slice(next).trim();
  }
  return pairs;
}

const isStartOf = (own: string, value: string): boolean =>
  value.startsWith(own) && (value.length === own.length || /\s/.test(value[own.length] as string));

/** The old form, `ENV NAME VALUE`. */
function nameAndValue(text: string): readonly [string, string] {
  const [name = '', ...words] = text.split(' ');
  return [name, words.join(' ')];
}

function pairsLine(keyword: 'ENV' | 'LABEL', pairs: Pairs, seen: Set<string>): string {
  for (const [name] of pairs) seen.add(`${keyword} ${name}`);
  return withoutSecretWords(
    `${keyword} ${pairs.map(([name, value]) => `${wordText(name)}=${shownValue(name, value) === HIDDEN ? HIDDEN : wordText(value)}`).join(' ')}`,
  );
}

/** A word that a Dockerfile reads as this text: variables are expanded already. */
const wordText = (text: string): string =>
  /^[\w@%+:,./=-]*$/.test(text) ? text : `"${text.replaceAll(/["\\$]/g, '\\$&').replaceAll(/\s*\n\s*/g, ' ')}"`;

function healthLine(check: Healthcheck | undefined): string {
  const [kind = 'NONE', ...words] = check?.Test ?? [];
  if (check === undefined || kind === 'NONE') return 'HEALTHCHECK NONE';
  const flags = [
    ['interval', check.Interval],
    ['timeout', check.Timeout],
    ['start-period', check.StartPeriod],
    ['start-interval', check.StartInterval],
  ].flatMap(([name, time]) => (time === undefined || time === 0 ? [] : [`--${name}=${Number(time) / 1e9}s `]));
  const retries = check.Retries === undefined || check.Retries === 0 ? '' : `--retries=${check.Retries} `;
  const command = kind === 'CMD-SHELL' ? oneLine(words.join(' ')) : jsonList(words);
  return `HEALTHCHECK ${flags.join('')}${retries}CMD ${command}`;
}

/** What the config has and no instruction has set. */
function restOf(run: RunConfig, seen: Set<string>): readonly string[] {
  const text = (value: string | undefined): string[] => (value === undefined || value === '' ? [] : [oneLine(value)]);
  const list = (value: readonly string[] | null | undefined): string[] =>
    value === null || value === undefined || value.length === 0 ? [] : [jsonList(value)];
  const keys = (value: object | undefined): string[] => Object.keys(value ?? {});
  const unseen = (keyword: 'ENV' | 'LABEL', values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values)
      .filter(([name]) => !seen.has(`${keyword} ${name}`))
      .map(([name, value]) => pairsLine(keyword, [[name, value]], new Set()));
  const lines: readonly (readonly [keyword: string, values: readonly string[]])[] = [
    ['WORKDIR', text(run.WorkingDir)],
    ['USER', text(run.User)],
    ['EXPOSE', keys(run.ExposedPorts).length === 0 ? [] : [keys(run.ExposedPorts).map(oneLine).join(' ')]],
    ['VOLUME', list(keys(run.Volumes))],
    ['STOPSIGNAL', text(run.StopSignal)],
    ['SHELL', list(run.Shell)],
    ['ENTRYPOINT', list(run.Entrypoint)],
    ['CMD', list(run.Cmd)],
  ];
  return [
    ...unseen('ENV', envOf(run)),
    ...unseen('LABEL', { ...run.Labels }),
    ...lines.flatMap(([keyword, values]) => (seen.has(keyword) ? [] : values.map((value) => `${keyword} ${value}`))),
    ...(run.Healthcheck === undefined || seen.has('HEALTHCHECK') ? [] : [healthLine(run.Healthcheck)]),
  ];
}
