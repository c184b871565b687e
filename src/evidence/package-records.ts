import { sha256 } from '../base/digest.ts';
import type { Warning } from '../base/events.ts';
import { bytesOfText, compareBytes, isInside, pathOfText, textOfBytes, type TreePath } from '../base/path.ts';
import { packageDbs } from '../packages/index.ts';
import type { PackageDb } from '../packages/types.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import type { Fact, Facts } from './facts.ts';
import type { Gathered } from './gather.ts';
import type { RuleEntry } from './rules/types.ts';

export interface PackageSourceInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** The folder that is searched for packages of languages. */
  readonly under: TreePath;
  readonly facts: Facts;
  readonly warn: (warning: Warning) => void;
}

export interface PackageSource {
  all(): Promise<readonly PackageDb[]>;
  ofLanguages(): Promise<readonly PackageDb[]>;
  /** What to add so that scanners see the packages which kept files come from. */
  records(gathered: Gathered): Promise<readonly RuleEntry[]>;
}

/** dpkg replaces this file with every change of any package. */
const DPKG_STATUS = pathOfText('/var/lib/dpkg/status');
const DPKG_INFO = pathOfText('/var/lib/dpkg/info');
const APK_INSTALLED = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'].map(pathOfText);

/** The packages of what an image is made from. A machine has thousands of record files: what they said last time is remembered. */
export function packageSource(input: PackageSourceInput): PackageSource {
  const open = (only: 'system' | 'language'): Promise<readonly PackageDb[]> =>
    packageDbs(input.tree, input.content, { under: [input.under], only, warn: input.warn });
  let system: Promise<readonly PackageDb[]> | undefined;
  let languages: Promise<readonly PackageDb[]> | undefined;
  const ofSystem = (): Promise<readonly PackageDb[]> => (system ??= open('system'));
  const ofLanguages = (): Promise<readonly PackageDb[]> => (languages ??= open('language'));
  return {
    all: async () => [...(await ofLanguages()), ...(await ofSystem())],
    ofLanguages,
    records: async (gathered) => [
      ...(await recordsOf(await ofLanguages(), gathered)),
      ...(await rememberedRecords(input, ofSystem, gathered)),
    ],
  };
}

async function recordsOf(
  databases: readonly PackageDb[],
  { excluded, graph }: Gathered,
): Promise<readonly RuleEntry[]> {
  const kept = (path: TreePath): boolean => graph.has(path) && !excluded(path);
  const made = databases.map(async (database) =>
    (await database.reduced(kept)).map((entry) => added(entry, database.manager)),
  );
  return (await Promise.all(made)).flat();
}

function added(entry: Entry, manager: string): RuleEntry {
  return {
    entry,
    reason: {
      from: 'rule:package-records',
      to: entry.path,
      kind: 'rule',
      because: `record of the ${manager} packages that kept files come from`,
      certainty: 'sure',
    },
    group: 'system',
  };
}

/** From the facts, when dpkg alone manages the system and neither its status nor the set of kept system files has changed. */
async function rememberedRecords(
  { facts, tree, under }: PackageSourceInput,
  databases: () => Promise<readonly PackageDb[]>,
  gathered: Gathered,
): Promise<readonly RuleEntry[]> {
  const status = tree.resolve(DPKG_STATUS)?.entry;
  if (status === undefined || APK_INSTALLED.some((path) => tree.resolve(path) !== undefined))
    return recordsOf(await databases(), gathered);
  const kept = new Set(
    gathered.graph.edges
      .map((edge) => edge.to)
      .filter((path) => (under === '/' || !isInside(under, path)) && !gathered.excluded(path)),
  );
  // Of an image the lists may differ although the status does not: a later layer may have changed them.
  const lists = tree
    .children(tree.resolve(DPKG_INFO)?.entry.path ?? DPKG_INFO)
    .map((entry) => `${entry.path} ${entry.sha256 ?? ''}`);
  const question = `records of dpkg for ${sha256([...[...kept].sort(compareBytes), ...lists].join('\0'))}`;
  const known = facts.find(status, question);
  if (Array.isArray(known)) return (known as readonly [string, string][]).map(recalled);
  const records = await recordsOf(await databases(), gathered);
  if (records.every(({ entry }) => isPlainRecord(entry))) facts.keep(status, question, records.map(remembered));
  return records;
}

const RECORD_MODE = 0o644;

function isPlainRecord({ content, gid, mode, mtime, type, uid }: Entry): boolean {
  return content?.in === 'memory' && type === 'file' && mode === RECORD_MODE && uid === 0 && gid === 0 && mtime === 0;
}

function remembered({ entry }: RuleEntry): Fact {
  const bytes = entry.content?.in === 'memory' ? entry.content.bytes : new Uint8Array();
  return [textOfBytes(entry.path), Buffer.from(bytes).toString('base64')];
}

function recalled([path, text]: readonly [string, string]): RuleEntry {
  const bytes = Buffer.from(text, 'base64');
  const entry: Entry = {
    path: bytesOfText(path) as TreePath,
    type: 'file',
    mode: RECORD_MODE,
    uid: 0,
    gid: 0,
    size: bytes.length,
    mtime: 0,
    content: { in: 'memory', bytes },
  };
  return added(entry, 'dpkg');
}
