import { kindOf, plainPlace, type Place } from '../../base/place.ts';
import { splitCommand } from '../../base/split-command.ts';
import { suggestion } from '../../base/suggestion.ts';
import type { CommandProbe, Probe } from '../types.ts';
import { fieldsOf, onlyKeys, portOf, textOf, type Fields } from './fields.ts';
import { headersOfText, headersOfValue } from './headers.ts';
import { httpOfText, httpOfValue } from './parse-http.ts';
import { below, complain, regexOf, type Complaint } from './words.ts';

const KINDS = ['http', 'headers', 'tcp', 'command', 'log'] as const;
type Kind = (typeof KINDS)[number];

/** What may stand beside the kind's own key. */
const SIBLINGS: Readonly<Record<Kind, readonly string[]>> = {
  http: [],
  headers: [],
  tcp: [],
  command: ['exit', 'output'],
  log: [],
};

/**
 * A probe as it stands in tare.yaml: `{http: {port, path, …}}` or `{http: ":8080/status"}`, `{headers: {port, path, absent, present}}`, `{tcp: 5432}`,
 * `{command: [node, --version], exit: 0, output: v20}` or `{command: {argv, exit, output}}`, `{log: "text or /regex/"}`; each with an optional `name`.
 * `where` opens the message, e.g. `tare.yaml:7:5: probes[0]`.
 * @throws TareError E_CONFIG
 */
export function probeOfValue(value: unknown, where: Place | string): Probe {
  const place = typeof where === 'string' ? plainPlace(where) : where;
  const complaint: Complaint = { code: 'E_CONFIG', place };
  const fields = fieldsOf(value, complaint, 'a probe');
  const found = KINDS.filter((kind) => fields[kind] !== undefined);
  const kind = found[0];
  if (kind === undefined || found.length > 1) {
    const stranger = Object.keys(fields).find((key) => key !== 'name' && !KINDS.some((known) => known === key));
    const clue = stranger === undefined ? '' : `; ${JSON.stringify(stranger)} is unknown${suggestion(stranger, KINDS)}`;
    const at = stranger === undefined ? complaint : { ...complaint, place: place.ofKey(stranger) };
    throw complain(at, `a probe needs exactly one of ${KINDS.join(', ')}${clue}`);
  }
  onlyKeys(fields, ['name', kind, ...SIBLINGS[kind]], complaint);
  const name = fields['name'] === undefined ? {} : { name: textOf(fields['name'], 'name', complaint) };
  const inner = below(complaint, kind);
  switch (kind) {
    case 'http':
      return { ...name, http: httpOfValue(fields['http'], inner) };
    case 'headers':
      return { ...headersOfValue(fields['headers'], inner), ...name };
    case 'tcp':
      return { ...name, tcp: { port: tcpPortOf(fields['tcp'], inner) } };
    case 'command':
      return { ...name, command: commandOfValue(fields, complaint, inner) };
    default:
      return { ...name, log: { match: logMatch(logValue(fields['log'], inner), inner) } };
  }
}

/**
 * A probe as it stands on the command line:
 * `http:PORT[/PATH][=STATUS]` (STATUS is three digits at the very end), `headers:PORT[/PATH][=STATUS]`, `tcp:PORT`, `command:WORDS…` (quotes keep words
 * together), `log:TEXT` (or `log:/REGEX/`).
 * @throws TareError E_USAGE
 */
export function parseProbe(text: string): Probe {
  const complaint: Complaint = {
    code: 'E_USAGE',
    place: plainPlace(`--probe ${JSON.stringify(text)}`),
    hint: 'write http:PORT/PATH[=STATUS], headers:PORT/PATH[=STATUS], tcp:PORT, command:WORDS… or log:TEXT',
  };
  const colon = text.indexOf(':');
  const kind = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? '' : text.slice(colon + 1);
  switch (kind) {
    case 'http':
      return { http: httpOfText(rest, complaint) };
    case 'headers':
      return headersOfText(rest, complaint);
    case 'tcp':
      return { tcp: { port: portOf(rest, complaint) } };
    case 'command': {
      const argv = splitCommand(rest);
      if (argv === undefined) throw complain(complaint, 'a quote is not closed');
      if (argv.length === 0) throw complain(complaint, 'the command is missing');
      return { command: { argv } };
    }
    case 'log':
      return { log: { match: logMatch(rest, complaint) } };
    default:
      throw complain(complaint, `${JSON.stringify(kind)} is no kind of probe${suggestion(kind, KINDS)}`);
  }
}

function tcpPortOf(value: unknown, complaint: Complaint): number {
  if (typeof value !== 'object' || value === null) return portOf(value, complaint);
  const fields = fieldsOf(value, complaint, 'tcp');
  onlyKeys(fields, ['port'], complaint);
  return portOf(fields['port'], below(complaint, 'port'));
}

function commandOfValue(fields: Fields, outer: Complaint, inner: Complaint): CommandProbe {
  const value = fields['command'];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const source: Fields = isObject ? fieldsOf(value, inner, 'command') : { ...fields, argv: value };
  if (isObject) {
    onlyKeys(source, ['argv', 'exit', 'output'], inner);
    onlyKeys(fields, ['name', 'command'], outer);
  }
  const exit = source['exit'];
  if (exit !== undefined && !(typeof exit === 'number' && Number.isInteger(exit) && exit >= 0 && exit <= 255))
    throw complain(
      below(isObject ? inner : outer, 'exit'),
      `exit ${JSON.stringify(exit)} is not a number from 0 to 255`,
    );
  return {
    argv: argvOf(source['argv'], isObject ? below(inner, 'argv') : inner),
    ...(exit === undefined ? {} : { exit }),
    ...(source['output'] === undefined
      ? {}
      : { output: textOf(source['output'], 'output', below(isObject ? inner : outer, 'output')) }),
  };
}

function argvOf(value: unknown, complaint: Complaint): readonly string[] {
  const words: unknown = typeof value === 'string' ? splitCommand(value) : value;
  if (!Array.isArray(words) || words.length === 0)
    throw complain(
      complaint,
      `the command must be a list of words, or a text whose quotes are closed, not ${kindOf(value)}`,
    );
  return words.map((word, index) => textOf(word, 'argv', below(complaint, index)));
}

function logValue(value: unknown, complaint: Complaint): string {
  if (typeof value !== 'object' || value === null) return textOf(value, 'log', complaint);
  const fields = fieldsOf(value, complaint, 'log');
  onlyKeys(fields, ['match'], complaint);
  return textOf(fields['match'], 'match', below(complaint, 'match'));
}

function logMatch(match: string, complaint: Complaint): string {
  if (match === '') throw complain(complaint, 'the text to look for is empty');
  try {
    regexOf(match);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw complain(complaint, error.message);
  }
  return match;
}
