import { TareError } from '../../base/error.ts';

/** Defaults in defaults: nobody writes more. */
const MAX_NESTING = 20;
/** Of what a text becomes, in UTF-16 units: many uses of one long variable. */
const MAX_RESULT_CHARS = 4 * 1024 * 1024;

export interface InterpolateOptions {
  /** Opens every message: `compose.yaml:3:5`. */
  readonly place?: string;
  /** A variable that is not set and has no default: it yields ''. */
  readonly onUnset?: (name: string) => void;
}

interface Scan {
  readonly text: string;
  readonly lookUp: (name: string) => string | undefined;
  readonly options: InterpolateOptions;
  at: number;
  readonly lenient: boolean;
}

/**
 * Fills in variables as the Compose specification says (12-interpolation.md): `$VAR`, `${VAR}`, `${VAR-x}`, `${VAR:-x}`,
 * `${VAR+x}`, `${VAR:+x}`, `${VAR?why}`, `${VAR:?why}`, nested; `$$` is a dollar sign.
 * @throws TareError E_COMPOSE naming the variable, never a value; E_LIMIT
 */
export function interpolate(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  options: InterpolateOptions = {},
): string {
  const lookUp = (name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined);
  return filled({ text, lookUp, options, at: 0, lenient: false }, 0, true);
}

/** The same for the values of a `.env`, where a `$` that begins nothing stands for itself. */
export function interpolateLeniently(
  text: string,
  lookUp: (name: string) => string | undefined,
  options: InterpolateOptions,
): string {
  return filled({ text, lookUp, options, at: 0, lenient: true }, 0, true);
}

/** Up to the end, or to the `}` that closes what is around it. What is not `wanted` is only read over. */
function filled(scan: Scan, depth: number, wanted: boolean): string {
  if (depth > MAX_NESTING) throw failure(scan, `variables are nested deeper than ${MAX_NESTING}`);
  let out = '';
  const start = scan.at;
  while (scan.at < scan.text.length) {
    const char = scan.text[scan.at] as string;
    if (depth > 0 && char === '}') return out;
    if (char === '$') out += variable(scan, depth, wanted);
    else {
      const end = endOfPlain(scan.text, scan.at, depth > 0);
      out += scan.text.slice(scan.at, end);
      scan.at = end;
    }
    if (out.length > MAX_RESULT_CHARS) {
      const message = `a text becomes longer than ${MAX_RESULT_CHARS} characters when its variables are filled in`;
      throw new TareError('E_LIMIT', `${prefix(scan)}${message}`);
    }
  }
  if (depth > 0) throw failure(scan, `a \${ is not closed by }: ${shown(scan.text.slice(start))}`);
  return out;
}

function endOfPlain(text: string, from: number, inner: boolean): number {
  const stop = inner ? /[$}]/g : /\$/g;
  stop.lastIndex = from;
  return stop.exec(text)?.index ?? text.length;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

function variable(scan: Scan, depth: number, wanted: boolean): string {
  const next = scan.text[scan.at + 1];
  if (next === '$') {
    scan.at += 2;
    return '$';
  }
  const braced = next === '{';
  const start = scan.at;
  NAME.lastIndex = start + (braced ? 2 : 1);
  const name = NAME.exec(scan.text)?.[0];
  if (name === undefined) {
    if (scan.lenient && !braced) {
      scan.at += 1;
      return '$';
    }
    throw failure(scan, `a $ must begin a variable: ${shown(scan.text.slice(start))}`);
  }
  scan.at = NAME.lastIndex;
  if (!braced) return wanted ? valueOf(scan, name) : '';
  const operator = /:?[-+?]/y;
  operator.lastIndex = scan.at;
  const kind = operator.exec(scan.text)?.[0] ?? '';
  scan.at += kind.length;
  const value = kind === '' ? plain(scan, name, wanted) : withOperator(scan, { name, kind, depth, wanted });
  if (scan.text[scan.at] !== '}') {
    const why =
      scan.at < scan.text.length
        ? `${JSON.stringify(scan.text[scan.at])} is not expected after ${name}`
        : 'it is not closed by }';
    throw failure(scan, `${shown(scan.text.slice(start))}: ${why}`);
  }
  scan.at += 1;
  return value;
}

const plain = (scan: Scan, name: string, wanted: boolean): string => (wanted ? valueOf(scan, name) : '');

interface Use {
  readonly name: string;
  readonly kind: string;
  readonly depth: number;
  readonly wanted: boolean;
}

function withOperator(scan: Scan, { name, kind, depth, wanted }: Use): string {
  const value = scan.lookUp(name);
  const isThere = value !== undefined && !(kind.startsWith(':') && value === '');
  const operator = kind.at(-1);
  const uses = wanted && (operator === '+' ? isThere : operator === '-' && !isThere);
  const start = scan.at;
  const word = filled(scan, depth + 1, uses);
  if (!wanted) return '';
  if (operator === '+') return isThere ? word : '';
  if (isThere) return value;
  if (operator === '-') return word;
  // The reason is told as it is written: what is filled in may be a secret.
  const reason = scan.text.slice(start, scan.at);
  const state = kind === '?' ? 'is not set' : 'is not set, or is empty';
  const why = `the variable ${name} ${state}${reason === '' ? '' : `: ${reason}`}`;
  throw new TareError('E_COMPOSE', `${prefix(scan)}${why}`, {
    hint: `set ${name} in the environment, or in a .env file beside the project`,
  });
}

function valueOf(scan: Scan, name: string): string {
  const value = scan.lookUp(name);
  if (value === undefined) scan.options.onUnset?.(name);
  return value ?? '';
}

const prefix = ({ options }: Scan): string => (options.place === undefined ? '' : `${options.place}: `);

const MAX_SHOWN = 40;

const shown = (text: string): string =>
  JSON.stringify(text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`);

function failure(scan: Scan, problem: string): TareError {
  return new TareError('E_COMPOSE', `${prefix(scan)}${problem}`, {
    hint: 'write $VAR, ${VAR}, ${VAR:-default}; a dollar sign itself is $$',
  });
}
