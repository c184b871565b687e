/** What the page shows, as it stands behind the `#` of its address: `#/treemap/usr/lib?by=package`. */
export interface Route {
  readonly view: string;
  /** A path of the image, `/` without one. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

export function parseRoute(hash: string): Route {
  const [place = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...parts] = place.split('/');
  const names = parts.filter((part) => part !== '').map(decode);
  return {
    view: decode(view),
    path: `/${names.join('/')}`,
    query: new Map(
      query
        .split('&')
        .filter((pair) => pair !== '')
        .map((pair) => {
          const cut = pair.indexOf('=');
          return cut === -1 ? [decode(pair), ''] : [decode(pair.slice(0, cut)), decode(pair.slice(cut + 1))];
        }),
    ),
  };
}

/** Settings that are undefined, and those that are what they are without saying, are left out by the caller. */
export function routeTo(view: string, path = '/', query: Readonly<Record<string, string | undefined>> = {}): string {
  const place = path.split('/').filter((part) => part !== '');
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encode(key)}=${encode(value)}`],
  );
  return `#/${[view, ...place.map(encode)].join('/')}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

/** Halves of pairs stand for raw bytes, and become those. */
function encode(text: string): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) out += `%${(code - 0xdc00).toString(16).toUpperCase()}`;
    else if (code >= 0xd800 && code <= 0xdfff) out += '%EF%BF%BD';
    else out += encodeURIComponent(char);
  }
  return out;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
    return textOf(bytes);
  });
}

function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    // Not UTF-8 as a whole: what is valid is taken, the other bytes stand for themselves.
    let out = '';
    for (let at = 0; at < bytes.length;) {
      const length = lengthAt(bytes, at);
      if (length === 0) out += String.fromCharCode(0xdc00 + (bytes[at] as number));
      else out += UTF8.decode(bytes.subarray(at, at + length));
      at += Math.max(1, length);
    }
    return out;
  }
}

/** Bytes of the character that starts there; 0: none does. */
function lengthAt(bytes: Uint8Array, at: number): number {
  for (const length of [1, 2, 3, 4]) {
    if (at + length > bytes.length) return 0;
    try {
      UTF8.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      continue;
    }
  }
  return 0;
}
