import { digestOf, FIXTURES, type Fixture } from './fixtures.ts';

/** What an answer must be. A header that is null must not be there. */
export interface Expected {
  readonly status: number | readonly number[];
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** `errors[0].code` of the body. */
  readonly code?: string;
  /** The bytes of a fixture; '' for none. */
  readonly body?: string;
  readonly text?: RegExp;
  /** Members that the JSON of the body must have at least. */
  readonly json?: unknown;
}

/**
 * One request. In texts, `{repo}` is a repository of the row's own, `{other}` a second one, `{NAME}` and `{NAME@sha512}` the digest of a
 * fixture; `{location}` is what the last answer that had a Location gave, and `&` joins a query to it.
 */
export interface Step {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A fixture, or `text:…`; `NAME[2-5]` is a part of one. */
  readonly body?: string;
  readonly expect: Expected;
}

export interface Row {
  readonly what: string;
  /** Fixtures that are pushed to `{repo}` before; `other/NAME` to the second repository, `NAME:tag` with a tag. */
  readonly given?: readonly string[];
  readonly steps: readonly Step[];
}

/**
 * Runs a row.
 * @returns the first difference between what was answered and what the row says; undefined when there is none. After a line break: details,
 * which may be others every time
 */
export async function difference(url: string, row: Row, number: number): Promise<string | undefined> {
  try {
    return await run(url, row, number);
  } catch (error) {
    // Of fetch: the connection was cut.
    if (error instanceof TypeError) return `no whole answer\n${error.message}`;
    throw error;
  }
}

async function run(url: string, row: Row, number: number): Promise<string | undefined> {
  const names = { repo: `row/r${number}`, other: `row/r${number}-other` };
  for (const given of row.given ?? []) {
    const problem = await push(url, given.startsWith('other/') ? names.other : names.repo, given.replace('other/', ''));
    if (problem !== undefined) return `given ${given}: ${problem}`;
  }
  let location = '';
  for (const [at, step] of row.steps.entries()) {
    const fill = (text: string): string =>
      text.replace(/\{([\w@]+)\}/g, (_, name: string) => {
        if (name === 'location') return location;
        return name === 'repo' || name === 'other' ? names[name] : digestOfName(name);
      });
    const path = fill(step.path);
    const target = step.path.startsWith('{location}') ? withQuery(path) : path;
    const body = step.body === undefined ? undefined : bytesOf(step.body);
    const response = await fetch(new URL(target, url), {
      method: step.method,
      headers: {
        // fetch adds one of its own to a body.
        ...(body === undefined ? {} : { 'content-type': mediaTypeOf(step.body ?? '') }),
        ...Object.fromEntries(Object.entries(step.headers ?? {}).map(([key, value]) => [key, fill(value)])),
      },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    location = response.headers.get('location') ?? location;
    const problem = await compare(response, step.expect, fill);
    if (problem !== undefined) return `${row.steps.length > 1 ? `${at + 1}: ` : ''}${problem}`;
  }
  return undefined;
}

const withQuery = (path: string): string => {
  const [before = '', ...rest] = path.split('&');
  return rest.length === 0 ? path : `${before}${before.includes('?') ? '&' : '?'}${rest.join('&')}`;
};

async function compare(
  response: Response,
  expected: Expected,
  fill: (text: string) => string,
): Promise<string | undefined> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  if (![expected.status].flat().includes(response.status)) return `status ${response.status}\n${text.slice(0, 300)}`;
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    const value = response.headers.get(name);
    const fits = wanted instanceof RegExp ? value !== null && wanted.test(value) : value === (wanted && fill(wanted));
    if (!fits) return value === null ? `no ${name}` : `another ${name}\n${value}`;
  }
  if (expected.code !== undefined && codeOf(text) !== expected.code) return `code ${codeOf(text)}`;
  if (expected.body !== undefined && !bytes.equals(bytesOf(expected.body)))
    return `another body\n${text.slice(0, 300)}`;
  if (expected.text !== undefined && !expected.text.test(text)) return `another text\n${text.slice(0, 300)}`;
  if (expected.json !== undefined && !contains(JSON.parse(text), JSON.parse(fill(JSON.stringify(expected.json)))))
    return `another json\n${text.slice(0, 300)}`;
  return undefined;
}

function codeOf(text: string): string {
  try {
    const parsed = JSON.parse(text) as { errors?: { code?: string; message?: unknown }[] };
    return parsed.errors?.[0]?.code ?? 'none';
  } catch {
    // Not JSON: no code.
    return 'none';
  }
}

/** Arrays must be equal in length and order; objects may have more. */
function contains(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, at) => contains((actual as unknown[])[at], item))
    );
  if (wanted === null || typeof wanted !== 'object') return actual === wanted;
  return (
    actual !== null &&
    typeof actual === 'object' &&
    Object.entries(wanted).every(([key, value]) => contains((actual as Record<string, unknown>)[key], value))
  );
}

function fixture(name: string): Fixture {
  const found = FIXTURES[name];
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}

function bytesOf(name: string): Buffer<ArrayBuffer> {
  if (name === '') return Buffer.alloc(0);
  if (name.startsWith('text:')) return Buffer.from(name.slice(5));
  const part = /^(\w+)\[(\d+)-(\d+)\]$/.exec(name);
  const bytes = Buffer.from(fixture(part?.[1] ?? name).bytes);
  return part === null ? bytes : bytes.subarray(Number(part[2]), Number(part[3]) + 1);
}

const mediaTypeOf = (body: string): string => FIXTURES[body]?.mediaType ?? 'application/octet-stream';

function digestOfName(name: string): string {
  const [of = '', algorithm] = name.split('@');
  return digestOf(fixture(of).bytes, algorithm);
}

/** With what it needs. @returns what was answered when it was not accepted */
async function push(url: string, repository: string, name: string): Promise<string | undefined> {
  const [, of = '', algorithm, tag] = /^(\w+)(?:@(\w+))?(?::(.+))?$/.exec(name) ?? [];
  const { bytes, mediaType, needs = [] } = fixture(of);
  for (const needed of needs) {
    const problem = await push(url, repository, needed);
    if (problem !== undefined) return problem;
  }
  const digest = digestOf(bytes, algorithm);
  if (mediaType !== undefined) {
    const answer = await fetch(`${url}/v2/${repository}/manifests/${tag ?? digest}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: Buffer.from(bytes),
    });
    return answer.status === 201 ? undefined : `PUT of ${name}: ${answer.status}`;
  }
  const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location') ?? '', url);
  target.searchParams.set('digest', digest);
  const answer = await fetch(target, { method: 'PUT', body: Buffer.from(bytes) });
  return answer.status === 201 ? undefined : `PUT of ${name}: ${answer.status}`;
}
