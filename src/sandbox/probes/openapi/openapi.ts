import { TareError } from '../../../base/error.ts';
import type { Probe, StatusPattern } from '../../types.ts';
import { ANY_STATUS } from '../status.ts';
import { isFields, listOf, parseOpenapi, type Document, type Fields } from './document.ts';
import { createExamples, type Examples } from './example.ts';
import { argumentsOf, parametersOf, percentEncoded } from './parameters.ts';
import { requestBodyOf } from './request-body.ts';

/** TRACE is refused nearly everywhere. */
const METHODS = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const;
const MAX_OPERATIONS = 2000;
const MAX_PATH_LENGTH = 8192;

export interface OpenapiOptions {
  /** The container's own port that the service listens on; `servers` give no more than a path. */
  readonly port: number;
  /** Opens messages: the file's name. */
  readonly where: string;
  /** Take any answer: it will be compared with another one. Default: what the description lists under `responses`. */
  readonly anyStatus?: boolean;
}

/**
 * One HTTP probe for every operation of an OpenAPI 3 or Swagger 2.0 description (YAML or JSON), with its examples as values, or with values made
 * from the schemas. In the order of the description; what is deleted is deleted last, in the opposite order.
 * @throws TareError E_OPENAPI when it is none, has no operation, or refers to other files; E_LIMIT beyond 2000 operations
 */
export function probesOfOpenapi(text: string, options: OpenapiOptions): readonly Probe[] {
  const { where } = options;
  const document = parseOpenapi(text, where);
  const examples = createExamples(document);
  const probes: Probe[] = [];
  const deletions: Probe[] = [];
  const paths = document.root['paths'];
  for (const [template, given] of Object.entries(isFields(paths) ? paths : {})) {
    const item = document.resolve(given);
    if (item === undefined || !template.startsWith('/')) continue;
    for (const method of METHODS) {
      const operation = document.resolve(item[method]);
      if (operation === undefined) continue;
      if (probes.length + deletions.length >= MAX_OPERATIONS)
        throw new TareError('E_LIMIT', `${where}: more than ${MAX_OPERATIONS} operations`);
      const probe = probeOf({ template, item, method, operation, document, examples }, options);
      if (method === 'delete') deletions.unshift(probe);
      else probes.push(probe);
    }
  }
  if (probes.length + deletions.length === 0) throw new TareError('E_OPENAPI', `${where}: no operation is described`);
  return [...probes, ...deletions];
}

interface Operation {
  readonly template: string;
  readonly item: Fields;
  readonly method: (typeof METHODS)[number];
  readonly operation: Fields;
  readonly document: Document;
  readonly examples: Examples;
}

function probeOf(described: Operation, { anyStatus, port, where }: OpenapiOptions): Probe {
  const { document, item, method, operation, template } = described;
  const parameters = parametersOf(document, item, operation);
  const { headers, path, query } = argumentsOf(template, parameters, described);
  const body = requestBodyOf(operation, parameters, described);
  const requestHeaders = { ...headers, ...(body === undefined ? {} : { 'content-type': body.contentType }) };
  const base = document.old ? textAt(document.root, 'basePath') : serverPath(document.root, item, operation);
  const target = encodePath(`${base.replace(/\/+$/, '')}${path}`) + (query === '' ? '' : `?${query}`);
  if (target.length > MAX_PATH_LENGTH || !target.startsWith('/'))
    throw new TareError('E_OPENAPI', `${where}: no path can be made of ${JSON.stringify(template.slice(0, 200))}`);
  return {
    http: {
      port,
      path: target,
      method: method.toUpperCase(),
      status: anyStatus === true ? ANY_STATUS : listedStatuses(document.resolve(operation['responses'])),
      ...(Object.keys(requestHeaders).length === 0 ? {} : { requestHeaders }),
      ...(body === undefined ? {} : { requestBody: body.text }),
    },
  };
}

/** What `{}` and spaces of a badly written template would do to a request line; what is encoded already stays. */
const encodePath = (path: string): string => path.replace(/[^\x21-\x7e]|["<>\\^`{|}#?]/gu, percentEncoded);

/** The path of the first server, of the operation, its path or the whole, with its variables' defaults (OpenAPI 3.1, Server Object). */
function serverPath(root: Fields, item: Fields, operation: Fields): string {
  const [server] =
    [operation, item, root].map((holder) => listOf(holder['servers'])).find((one) => one.length > 0) ?? [];
  if (!isFields(server)) return '';
  const variables = isFields(server['variables']) ? server['variables'] : {};
  const address = textAt(server, 'url').replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isFields(variable) ? textAt(variable, 'default') : '';
  });
  const path = /^(?:[a-z][\w+.-]*:)?\/\/[^/?#]*(.*)$/i.exec(address)?.[1] ?? address;
  const bare = path.split(/[?#]/, 1)[0] ?? '';
  return bare === '' || bare.startsWith('/') ? bare : `/${bare}`;
}

function textAt(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function listedStatuses(responses: Fields | undefined): readonly StatusPattern[] {
  const listed = Object.keys(responses ?? {}).flatMap((key): StatusPattern[] => {
    if (/^[1-5]\d\d$/.test(key)) return [Number(key)];
    return /^[1-5]XX$/i.test(key) ? [key.toUpperCase() as StatusPattern] : [];
  });
  const open = listed.length === 0 || Object.hasOwn(responses ?? {}, 'default');
  return open ? [...new Set<StatusPattern>([...listed, '1XX', '2XX', '3XX', '4XX'])] : listed;
}
