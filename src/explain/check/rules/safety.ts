import type { Allowing } from '../../../config/check.ts';
import { globs } from '../globs.ts';
import { rightsOf } from '../../findings/special.ts';
import type { Evidence, Outcome, RuleSpec } from '../types.ts';
import { shellsIn } from '../shells.ts';
import { instructionOfLayer, ownerAndLayer } from '../attribution.ts';
import { gathered, rule } from './rule.ts';

/** What whoever gets in should not find. */
export const SAFETY: readonly RuleSpec[] = [
  rule({
    id: 'user',
    title: 'who the program runs as',
    needs: ['findings'],
    setting: ({ user }) => user,
    check: (facts, wanted) => {
      const { root, text, uid } = gathered(facts.findings).user;
      const actual = text === '' ? 'root (no USER)' : text;
      if (wanted === 'non-root') {
        const unknown = uid === null && !root;
        const message = root
          ? `it runs as root${text === '' ? ': the config names no user' : ` (${text})`}`
          : unknown
            ? `it runs as ${text}, who is not in /etc/passwd of the image and may be anybody`
            : `it runs as ${text}`;
        return { ok: !root && !unknown, message, unit: 'text', actual, limit: wanted };
      }
      const ok = text === wanted || (uid !== null && String(uid) === wanted);
      const message = ok ? `it runs as ${wanted}` : `it runs as ${actual}, not as ${wanted}`;
      return { ok, message, unit: 'text', actual, limit: wanted };
    },
  }),
  rule({
    id: 'no-setuid',
    title: 'no program that gives rights: setuid, setgid, file capabilities',
    needs: ['findings'],
    setting: ({ noSetuid }) => noSetuid,
    check: (facts, allowing) => {
      const { counts, special } = gathered(facts.findings);
      const giving = special.filter((file) => rightsOf(file).length > 0);
      // They are the last that are left out.
      const isCut = counts.special > special.length && giving.length === special.length;
      const found = giving.map((file) => ({
        path: file.path,
        ...ownerAndLayer(facts, file.path),
        note: `${rightsOf(file).join(', ')}, mode ${file.mode}`,
      }));
      return none(found, allowing, { one: 'program gives rights', many: 'programs give rights' }, isCut);
    },
  }),
  rule({
    id: 'no-secrets',
    title: 'no keys, tokens or passwords',
    needs: ['findings'],
    setting: ({ noSecrets }) => noSecrets,
    check: (facts, allowing) => {
      const { counts, secrets } = gathered(facts.findings);
      const found = secrets.map(({ hidden, kind, layer, line, path }) => ({
        path,
        ...(line === undefined ? {} : { line }),
        ...(layer === undefined ? {} : { layer, ...instructionOfLayer(facts, layer) }),
        note: hidden === true ? `${kind}, deleted later and shipped all the same` : kind,
      }));
      const words = { one: 'place looks like a secret', many: 'places look like secrets' };
      const outcome = none(found, allowing, words, counts.secrets > secrets.length);
      const { unsearched } = counts;
      if (!outcome.ok || unsearched === 0) return outcome;
      const files = unsearched === 1 ? '1 file was' : `${unsearched} files were`;
      return { ...outcome, ok: false, message: `${files} not searched: there are too many` };
    },
  }),
  rule({
    id: 'no-shell',
    title: 'no shell',
    setting: ({ noShell }) => noShell,
    check: (facts, allowing) => {
      const found = shellsIn(facts.tree, facts.config).map(({ bytes, leadsTo, path }) => ({
        path,
        ...ownerAndLayer(facts, leadsTo ?? path),
        bytes,
        ...(leadsTo === undefined ? {} : { note: `leads to ${leadsTo}` }),
      }));
      return none(found, allowing, { one: 'shell', many: 'shells' }, false);
    },
  }),
];

/** @param isCut whether there are more than were looked at: what is not seen is not allowed */
function none(
  found: readonly (Evidence & { readonly path: string })[],
  { allow }: Allowing,
  words: { readonly one: string; readonly many: string },
  isCut: boolean,
): Outcome {
  const isAllowed = globs(allow);
  const left = found.filter(({ path }) => !isAllowed(path));
  const allowed = found.length - left.length;
  const ok = left.length === 0 && !isCut;
  const count = `${left.length}${isCut ? ' or more' : ''} ${left.length === 1 && !isCut ? words.one : words.many}`;
  const where = left[0] === undefined ? '' : `: ${left[0].path}${left.length > 1 ? ', …' : ''}`;
  return {
    ok,
    message: ok
      ? `none${allowed === 0 ? '' : ` but ${allowed} that ${allowed === 1 ? 'is' : 'are'} allowed`}`
      : `${count}${where}`,
    unit: 'count',
    actual: left.length,
    limit: 0,
    evidence: left,
  };
}
