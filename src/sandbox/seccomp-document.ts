import { fromErrno, TareError } from '../base/error.ts';
import { readSmallFile } from '../base/small-file.ts';

/** `args` of a rule: all must hold. */
export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

export interface SeccompDocumentRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[] | null;
  /** Docker's: the rule is for containers that have all these capabilities, on one of these machines. */
  readonly includes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] };
}

/** What `docker run --security-opt seccomp=FILE`, podman and (as `linux.seccomp`) crun and runc understand. */
export interface SeccompDocument {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly syscalls: readonly SeccompDocumentRule[];
}

/** What a profile lets a call do: everything, only what one of several conditions allows, or nothing. */
export type SeccompAllowance = (name: string) => 'free' | readonly (readonly SeccompArgument[])[] | undefined;

const MAX_DOCUMENT_BYTES = 1024 * 1024; // 1 MiB
const ALLOWING: ReadonlySet<string> = new Set(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG']);
/** process.arch → Docker's names. */
const ARCHES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * A seccomp profile in Docker's or the OCI's format.
 * @throws TareError E_PATH_NOT_FOUND, E_PERMISSION, E_NOT_FILE, E_LIMIT, E_JSON
 */
export async function readSeccompDocument(file: string): Promise<SeccompDocument> {
  let text: string;
  try {
    text = (await readSmallFile(file, MAX_DOCUMENT_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `the seccomp profile ${JSON.stringify(file)} cannot be read`);
  }
  try {
    return checkedDocument(JSON.parse(text), `the seccomp profile ${JSON.stringify(file)}`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TareError('E_JSON', `the seccomp profile ${JSON.stringify(file)} is not JSON: ${error.message}`);
  }
}

/** @throws TareError E_JSON when it is no profile */
export function checkedDocument(value: unknown, what: string): SeccompDocument {
  const document = value as Partial<SeccompDocument> | null;
  const sound =
    typeof document === 'object' &&
    typeof document?.defaultAction === 'string' &&
    Array.isArray(document.syscalls) &&
    document.syscalls.every(isRule);
  if (!sound)
    throw new TareError('E_JSON', `${what} is none: defaultAction and syscalls with names and action are needed`);
  return document as SeccompDocument;
}

function isRule(value: unknown): boolean {
  const rule = value as Partial<SeccompDocumentRule> | null;
  return (
    typeof rule === 'object' &&
    typeof rule?.action === 'string' &&
    Array.isArray(rule.names) &&
    rule.names.every((name) => typeof name === 'string') &&
    (rule.args === undefined || rule.args === null || (Array.isArray(rule.args) && rule.args.every(isArgument)))
  );
}

function isArgument(value: unknown): boolean {
  const argument = value as Partial<SeccompArgument> | null;
  return (
    typeof argument === 'object' &&
    Number.isSafeInteger(argument?.index) &&
    Number.isSafeInteger(argument?.value) &&
    /^SCMP_CMP_[A-Z_]+$/.test(argument?.op ?? '')
  );
}

/**
 * What a profile allows to a container without extra capabilities. Rules that the engine would only apply with one are left out; where a rule
 * allows a call and another one does not, it is not allowed.
 */
export function allowanceOf(document: SeccompDocument, arch: string): SeccompAllowance {
  const free = new Set<string>();
  const conditions = new Map<string, (readonly SeccompArgument[])[]>();
  const denied = new Set<string>();
  for (const { action, args, includes, names } of document.syscalls) {
    if ((includes?.caps?.length ?? 0) > 0) continue;
    if (includes?.arches !== undefined && !includes.arches.includes(ARCHES[arch] ?? '')) continue;
    for (const name of names) {
      if (!ALLOWING.has(action)) denied.add(name);
      else if (args === undefined || args === null || args.length === 0) free.add(name);
      else conditions.set(name, [...(conditions.get(name) ?? []), args]);
    }
  }
  const byDefault = ALLOWING.has(document.defaultAction);
  return (name) => {
    if (denied.has(name)) return undefined;
    if (free.has(name) || byDefault) return 'free';
    return conditions.get(name);
  };
}
