import { TareError } from '../../base/error.ts';
import { kindOf, plainPlace, type Place } from '../../base/place.ts';
import type { CommandProbe, HttpProbe, Probe, StatusPattern } from '../types.ts';
import { below, complain, regexOf, splitCommand, suggestion, type Complaint } from './words.ts';

const KINDS = ['http', 'tcp', 'command', 'log'] as const;
type Kind = (typeof KINDS)[number];

/** What may stand beside the kind's own key. */
const SIBLINGS: Readonly<Record<Kind, readonly string[]>> = { http: [], tcp: [], command: ['exit', 'output'], log: [] };

type Fields = Readonly<Record<string, unknown>>;

/**
 * A probe as it stands in tare.yaml: `{http: {port, path, …}}` or `{http: ":8080/status"}`, `{tcp: 5432}`,
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
 * `http:PORT[/PATH][=STATUS]` (STATUS is three digits at the very end), `tcp:PORT`, `command:WORDS…` (quotes keep words together), `log:TEXT` (or `log:/REGEX/`).
 * @throws TareError E_USAGE
 */
export function parseProbe(text: string): Probe {
  const complaint: Complaint = {
    code: 'E_USAGE',
    place: plainPlace(`--probe ${JSON.stringify(text)}`),
    hint: 'write http:PORT/PATH[=STATUS], tcp:PORT, command:WORDS… or log:TEXT',
  };
  const colon = text.indexOf(':');
  const kind = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? '' : text.slice(colon + 1);
  switch (kind) {
    case 'http':
      return { http: httpOfText(rest, complaint) };
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

const HTTP_KEYS = [
  'port',
  'path',
  'method',
  'status',
  'headers',
  'body',
  'json',
  'requestHeaders',
  'requestBody',
] as const;

function httpOfValue(value: unknown, complaint: Complaint): HttpProbe {
  if (typeof value === 'string' || typeof value === 'number')
    return httpOfText(String(value).replace(/^:/, ''), complaint);
  const fields = fieldsOf(value, complaint, 'http');
  onlyKeys(fields, HTTP_KEYS, complaint);
  if (fields['port'] === undefined) throw complain(complaint, 'the port is missing');
  return {
    port: portOf(fields['port'], below(complaint, 'port')),
    path:
      fields['path'] === undefined
        ? '/'
        : httpPath(textOf(fields['path'], 'path', below(complaint, 'path')), below(complaint, 'path')),
    ...(fields['method'] === undefined
      ? {}
      : {
          method: methodOf(textOf(fields['method'], 'method', below(complaint, 'method')), below(complaint, 'method')),
        }),
    ...(fields['status'] === undefined ? {} : { status: statusOf(fields['status'], below(complaint, 'status')) }),
    ...(fields['headers'] === undefined
      ? {}
      : { headers: recordOf(fields['headers'], 'headers', below(complaint, 'headers')) }),
    ...(fields['body'] === undefined ? {} : { body: textOf(fields['body'], 'body', below(complaint, 'body')) }),
    ...(fields['json'] === undefined ? {} : { json: fields['json'] }),
    ...(fields['requestHeaders'] === undefined
      ? {}
      : { requestHeaders: recordOf(fields['requestHeaders'], 'requestHeaders', below(complaint, 'requestHeaders')) }),
    ...(fields['requestBody'] === undefined
      ? {}
      : { requestBody: textOf(fields['requestBody'], 'requestBody', below(complaint, 'requestBody')) }),
  };
}

function httpOfText(text: string, complaint: Complaint): HttpProbe {
  const match = /^([^/=]*)(\/.*?)?(?:=(\d{3}))?$/s.exec(text);
  if (match === null) throw complain(complaint, `${JSON.stringify(text)} is not PORT/PATH[=STATUS]`);
  return {
    port: portOf(match[1] ?? '', complaint),
    path: httpPath(match[2] ?? '/', complaint),
    ...(match[3] === undefined ? {} : { status: statusOf(Number(match[3]), complaint) }),
  };
}

function httpPath(path: string, complaint: Complaint): string {
  // What Node refuses in a request line, and what could smuggle a second one.
  if (!path.startsWith('/')) throw complain(complaint, `path ${JSON.stringify(path)} does not start with a slash`);
  if (!/^[\x21-\x7e]+$/.test(path)) throw complain(complaint, `path ${JSON.stringify(path)} must be percent-encoded`);
  return path;
}

function methodOf(method: string, complaint: Complaint): string {
  if (!/^[A-Za-z]{1,20}$/.test(method))
    throw complain(complaint, `method ${JSON.stringify(method)} is not an HTTP method`);
  return method.toUpperCase();
}

function statusOf(value: unknown, complaint: Complaint): HttpProbe['status'] & {} {
  if (isStatus(value)) return value;
  if (Array.isArray(value) && value.length > 0)
    return value.map((one, index) => patternOf(one, below(complaint, index)));
  throw complain(complaint, `status ${JSON.stringify(value)} is not a number from 100 to 599`);
}

const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;

function patternOf(value: unknown, complaint: Complaint): StatusPattern {
  if (isStatus(value)) return value;
  const text = typeof value === 'string' ? value.toUpperCase() : '';
  if (/^[1-5]XX$/.test(text)) return text as StatusPattern;
  throw complain(complaint, `status ${JSON.stringify(value)} is neither a number from 100 to 599 nor one such as 2XX`);
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

function portOf(value: unknown, complaint: Complaint): number {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw complain(complaint, `${JSON.stringify(value) ?? 'nothing'} is not a port from 1 to 65535`);
}

/** YAML reads `v: 1` as a number where a text is meant: numbers and booleans are taken as written. */
function textOf(value: unknown, key: string, complaint: Complaint): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw complain(complaint, `${key} must be a text, not ${kindOf(value)}`);
}

function recordOf(value: unknown, key: string, complaint: Complaint): Readonly<Record<string, string>> {
  const fields = fieldsOf(value, complaint, key);
  return Object.fromEntries(
    Object.entries(fields).map(([name, inner]) => {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
        throw complain(
          { ...complaint, place: complaint.place.ofKey(name) },
          `${key}: ${JSON.stringify(name)} is not a header name`,
        );
      const text = textOf(inner, `${key}.${name}`, below(complaint, name));
      if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
        throw complain(below(complaint, name), `${key}.${name} holds characters that a header cannot carry`);
      return [name, text];
    }),
  );
}

function fieldsOf(value: unknown, complaint: Complaint, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw complain(complaint, `${what} must be a map of keys and values, not ${kindOf(value)}`);
}

function onlyKeys(fields: Fields, known: readonly string[], complaint: Complaint): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    throw new TareError(
      complaint.code,
      `${complaint.place.ofKey(key).text()}: unknown key ${JSON.stringify(key)}${suggestion(key, known)}`,
      { hint: `known keys: ${known.join(', ')}` },
    );
  }
}
