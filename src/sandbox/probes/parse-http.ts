import type { HttpProbe, StatusPattern } from '../types.ts';
import { fieldsOf, onlyKeys, portOf, recordOf, textOf, type Fields } from './fields.ts';
import { below, complain, type Complaint } from './words.ts';

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

export function httpOfValue(value: unknown, complaint: Complaint): HttpProbe {
  if (typeof value === 'string' || typeof value === 'number')
    return httpOfText(String(value).replace(/^:/, ''), complaint);
  const fields = fieldsOf(value, complaint, 'http');
  onlyKeys(fields, HTTP_KEYS, complaint);
  return {
    ...questionOf(fields, complaint),
    ...(fields['headers'] === undefined
      ? {}
      : { headers: recordOf(fields['headers'], 'headers', below(complaint, 'headers')) }),
    ...(fields['body'] === undefined ? {} : { body: textOf(fields['body'], 'body', below(complaint, 'body')) }),
    ...(fields['json'] === undefined ? {} : { json: fields['json'] }),
    ...(fields['requestBody'] === undefined
      ? {}
      : { requestBody: textOf(fields['requestBody'], 'requestBody', below(complaint, 'requestBody')) }),
  };
}

/** What every question over HTTP has: `port`, `path`, `method`, `status`, `requestHeaders`. */
export function questionOf(fields: Fields, complaint: Complaint): HttpProbe {
  const { method, path, port, requestHeaders, status } = fields;
  if (port === undefined) throw complain(complaint, 'the port is missing');
  const [ofMethod, ofPath, ofHeaders] = [
    below(complaint, 'method'),
    below(complaint, 'path'),
    below(complaint, 'requestHeaders'),
  ];
  return {
    port: portOf(port, below(complaint, 'port')),
    path: path === undefined ? '/' : httpPath(textOf(path, 'path', ofPath), ofPath),
    ...(method === undefined ? {} : { method: methodOf(textOf(method, 'method', ofMethod), ofMethod) }),
    ...(status === undefined ? {} : { status: statusOf(status, below(complaint, 'status')) }),
    ...(requestHeaders === undefined ? {} : { requestHeaders: recordOf(requestHeaders, 'requestHeaders', ofHeaders) }),
  };
}

export function httpOfText(text: string, complaint: Complaint): HttpProbe {
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
