import { kindOf } from '../../base/place.ts';
import type { HttpProbe, Probe, StatusPattern } from '../types.ts';
import { fieldsOf, headerName, onlyKeys, recordOf, textOf } from './fields.ts';
import { httpOfText, questionOf } from './parse-http.ts';
import { below, complain, type Complaint } from './words.ts';

/** The headers by which servers tell what they are, and often in which version. */
const BETRAYING = ['Server', 'X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version'] as const;
/** Every answer shows headers, that of a path that is not there too; from 500 on a server may be starting still. */
const ANSWERED: readonly StatusPattern[] = ['2XX', '3XX', '4XX'];
const KEYS = ['port', 'path', 'method', 'status', 'requestHeaders', 'absent', 'present'] as const;

/**
 * `{port, path, method, status, requestHeaders, absent: [NAME…], present: {NAME: VALUE}}` or `":8080/path"`: a question over HTTP whose answer has none of
 * the headers of `absent` (default: those that betray a server, without what `present` has), and all of `present`; `true` is any value. The status may be any below 500.
 * @throws TareError as `complaint` says
 */
export function headersOfValue(value: unknown, complaint: Complaint): Probe {
  if (typeof value === 'string' || typeof value === 'number')
    return headersOfText(String(value).replace(/^:/, ''), complaint);
  const fields = fieldsOf(value, complaint, 'headers');
  onlyKeys(fields, KEYS, complaint);
  const [ofAbsent, ofPresent] = [below(complaint, 'absent'), below(complaint, 'present')];
  const headers = fields['present'] === undefined ? {} : presentOf(fields['present'], ofPresent);
  const wanted = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const absent = fields['absent'] === undefined ? undefined : namesOf(fields['absent'], ofAbsent);
  const torn = absent?.find((name) => wanted.has(name.toLowerCase()));
  if (torn !== undefined) throw complain(ofAbsent, `${torn} is to be absent and present`);
  return headersProbe({
    ...questionOf(fields, complaint),
    absentHeaders: absent ?? BETRAYING.filter((name) => !wanted.has(name.toLowerCase())),
    ...(wanted.size === 0 ? {} : { headers }),
  });
}

/** `PORT[/PATH][=STATUS]`. @throws TareError as `complaint` says */
export function headersOfText(text: string, complaint: Complaint): Probe {
  return headersProbe(httpOfText(text, complaint));
}

/** It has a name of its own: the same path may be asked for its content as well. */
function headersProbe(http: HttpProbe): Probe {
  const { method = 'GET', path, port } = http;
  return {
    name: `headers ${method} ${port}${path}`,
    http: { status: ANSWERED, absentHeaders: BETRAYING, ...http },
  };
}

function namesOf(value: unknown, complaint: Complaint): readonly string[] {
  if (!Array.isArray(value)) throw complain(complaint, `absent must be a list of header names, not ${kindOf(value)}`);
  return value.map((each, index) => {
    const at = below(complaint, index);
    return headerName(textOf(each, 'absent', at), 'absent', at);
  });
}

function presentOf(value: unknown, complaint: Complaint): Readonly<Record<string, string | true>> {
  const fields = fieldsOf(value, complaint, 'present');
  const exact = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text === true ? '' : text]));
  const texts = recordOf(exact, 'present', complaint);
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fields[name] === true || text]));
}
