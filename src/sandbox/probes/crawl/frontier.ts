import type { Link } from './links.ts';
import { MAX_DEPTH, MAX_PATH_LENGTH, MAX_QUERIES, MAX_REQUESTS, MAX_SAME_SHAPE } from './limits.ts';

export interface Target {
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly depth: number;
  readonly guess: boolean;
}

/** What is still to be asked of one server: breadth first, in the order of discovery, each path once, within the limits. */
export interface Frontier {
  /** `from` is the page that the link stands on. */
  add(link: Link, from: Target): void;
  next(): Target | undefined;
  /** Something was left out for a limit's sake. */
  readonly cut: boolean;
}

/** `roots` are asked first; the server calls itself `localhost:port`, as probes do. */
export function createFrontier(port: number, roots: readonly Target[]): Frontier {
  const queue: Target[] = [];
  const known = new Map<string, Target>();
  const shapes = new Map<string, number>();
  const queries = new Map<string, number>();
  let cut = false;
  let at = 0;
  const within = (counts: Map<string, number>, key: string, limit: number): boolean => {
    const count = counts.get(key) ?? 0;
    if (count >= limit) cut = true;
    else counts.set(key, count + 1);
    return count < limit;
  };
  const push = (target: Target): void => {
    if (known.has(target.path)) return;
    if (target.depth > MAX_DEPTH || known.size >= MAX_REQUESTS) {
      cut = true;
      return;
    }
    const [bare = '', query] = target.path.split('?', 2);
    if (query !== undefined && !within(queries, bare, MAX_QUERIES)) return;
    if (query === undefined && !within(shapes, shapeOf(bare), MAX_SAME_SHAPE)) return;
    known.set(target.path, target);
    queue.push(target);
  };
  for (const root of roots) push(root);
  return {
    add({ base, guess, href }, from) {
      const path = pathAt(href, base, from.path, port);
      if (path !== undefined) push({ path, depth: from.depth + 1, guess: guess === true });
    },
    next: () => queue[at++],
    get cut() {
      return cut;
    },
  };
}

/** Ids of rows and hashes: what a thousand pages of one kind differ in. File names with letters stay what they are. */
function shapeOf(path: string): string {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}/gi, '#').replace(/\d+/g, '#');
}

/** The path on this server that an address means; undefined when it leads elsewhere, or is none. */
function pathAt(href: string, base: string | undefined, from: string, port: number): string | undefined {
  if (href.length > 2 * MAX_PATH_LENGTH || (base ?? '').length > MAX_PATH_LENGTH) return undefined;
  const origin = `http://localhost:${port}`;
  let url: URL;
  try {
    const document = new URL(from, origin);
    url = new URL(href.trim(), base === undefined ? document : new URL(base, document));
  } catch (error) {
    if (error instanceof TypeError) return undefined; // Not an address.
    throw error;
  }
  const local = ['localhost', '127.0.0.1', '0.0.0.0', '[::1]'].includes(url.hostname) && url.port === String(port);
  if (!(local || url.origin === new URL(origin).origin) || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return undefined;
  }
  const path = `${url.pathname}${url.search}`;
  // Node refuses the rest in a request line; '|' and the like are left as they are by URL.
  return path.length <= MAX_PATH_LENGTH && /^[\x21-\x7e]+$/.test(path) ? path : undefined;
}
