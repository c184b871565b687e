import { TareError } from '../../base/error.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import { Fault } from './retry.ts';
import { shownUrl } from './broken.ts';
import type { Answer } from './wire.ts';

const MAX_ERROR_BODY_BYTES = 64 * 1024; // 64 KiB
const MAX_MESSAGE_CHARS = 300;
const MAX_ERRORS_SHOWN = 3;

/** Error codes of distribution-spec ("Error Codes") that say more than the status does. */
const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  UNAUTHORIZED: 'E_AUTH',
  DENIED: 'E_DENIED',
  TOOMANYREQUESTS: 'E_RATE_LIMIT',
  MANIFEST_UNKNOWN: 'E_IMAGE_NOT_FOUND',
  NAME_UNKNOWN: 'E_IMAGE_NOT_FOUND',
  BLOB_UNKNOWN: 'E_IMAGE_NOT_FOUND',
};

const BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'E_AUTH'],
  [403, 'E_DENIED'],
  [404, 'E_IMAGE_NOT_FOUND'],
  [429, 'E_RATE_LIMIT'],
]);

/** What was asked of whom. */
export interface Asked {
  /** `manifest 1.2 of library/node` */
  readonly what: string;
  /** host[:port] as in references. */
  readonly registry: string;
  /** Whether credentials went along. */
  readonly authorised: boolean;
}

/** The error that an answer stands for. Reads its body, of which no more than 64 KiB are looked at. */
export async function failureOf(answer: Answer, asked: Asked): Promise<TareError> {
  const told = parseErrors(await head(answer));
  const code = codeOf(answer.status, told);
  const said = told.length === 0 ? `status ${answer.status}` : told.slice(0, MAX_ERRORS_SHOWN).map(shown).join('; ');
  return new TareError(code, `${asked.registry} refuses ${asked.what}: ${said} (${shownUrl(answer.url)})`, {
    ...hintFor(code, answer.status, asked),
  });
}

interface ToldError {
  readonly code: string;
  readonly message: string;
}

function codeOf(status: number, told: readonly ToldError[]): ErrorCode {
  // A gateway that fails in the middle may pass anything on.
  if (status >= 500) return 'E_REGISTRY';
  const byStatus = BY_STATUS.get(status);
  const byCode = told.flatMap(({ code }) => (Object.hasOwn(BY_CODE, code) ? [BY_CODE[code] as ErrorCode] : []))[0];
  return byStatus === 'E_RATE_LIMIT' ? byStatus : (byCode ?? byStatus ?? 'E_REGISTRY');
}

function hintFor(code: ErrorCode, status: number, { authorised, registry, what }: Asked): { readonly hint?: string } {
  if (code === 'E_AUTH' || code === 'E_DENIED')
    return {
      hint: authorised
        ? `look at the name, and whether the account may do this; another one: \`tare login ${registry}\``
        : `look at the name; if it is private: \`tare login ${registry}\``,
    };
  if (code === 'E_IMAGE_NOT_FOUND' && what.startsWith('tags of '))
    return { hint: 'look at the name: HOST/REPOSITORY, all of its path' };
  if (code === 'E_IMAGE_NOT_FOUND')
    return { hint: `look at the name; \`tare tags ${registry}/${repositoryOf(what)}\` lists what is there` };
  if (status === 405) return { hint: 'the registry does not allow this: its settings decide' };
  return status === 413 ? { hint: 'the registry, or a proxy before it, limits the size of a request' } : {};
}

/** Where requests say what they ask for, the repository comes last. */
const repositoryOf = (what: string): string => / (?:of|for|in) (\S+)$/.exec(what)?.[1] ?? 'REPOSITORY';

async function head(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size >= MAX_ERROR_BODY_BYTES) break;
    }
  } catch (error) {
    // The status is the answer; that its explanation broke off changes nothing.
    if (!(error instanceof Fault)) throw error;
    return '';
  }
  return Buffer.concat(chunks).subarray(0, MAX_ERROR_BODY_BYTES).toString('utf8');
}

/** `{"errors": [{"code", "message"}]}`; nothing for anything else, such as the page of a proxy. */
function parseErrors(text: string): ToldError[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const errors: unknown = membersOf(value)['errors'];
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, MAX_ERRORS_SHOWN * 2).flatMap((item: unknown) => {
    const { code, message } = membersOf(item);
    const told = { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
    return told.code === '' && told.message === '' ? [] : [told];
  });
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function shown({ code, message }: ToldError): string {
  const text = [code, message].filter((part) => part !== '').join(': ');
  return JSON.stringify(text.slice(0, MAX_MESSAGE_CHARS)).slice(1, -1);
}
