import { TareError } from '../../base/error.ts';

/** Permission bits before → after. Folders count for `X`. */
export type ModeChange = (mode: number, folder: boolean) => number;

const ALL_BITS = 0o7777;
const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const ACTION = /[-+=](?:[rwxXst]+|[ugo]|)/g;
const SHIFT = { u: 6, g: 3, o: 0 } as const;
type Who = keyof typeof SHIFT;

/**
 * What `--chmod` asks for: octal (`755`, `0755`, up to 07777), or symbolic as chmod(1) of POSIX has it (`u=rwX,go=rX`, `a+x`, `g=u`), without a umask:
 * a clause that names nobody means all.
 * @throws TareError E_USAGE
 */
export function parseModeChange(text: string): ModeChange {
  if (/^\d+$/.test(text)) {
    const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
    if (!(mode <= ALL_BITS))
      throw new TareError('E_USAGE', `the mode ${JSON.stringify(text)} is not an octal number up to 07777`);
    return () => mode;
  }
  const steps = text.split(',').flatMap((clause) => parseClause(clause, text));
  return (mode, folder) => steps.reduce((bits, step) => step(bits, folder), mode);
}

function parseClause(clause: string, whole: string): ModeChange[] {
  const match = CLAUSE.exec(clause);
  if (match === null)
    throw new TareError(
      'E_USAGE',
      `the mode ${JSON.stringify(whole)} is neither octal nor symbolic (u=rwX,go=rX)${clause === whole ? '' : `: ${JSON.stringify(clause)}`}`,
    );
  const [, people = '', actions = ''] = match;
  const who: readonly Who[] =
    people === '' || people.includes('a')
      ? ['u', 'g', 'o']
      : (['u', 'g', 'o'] as const).filter((one) => people.includes(one));
  return (actions.match(ACTION) ?? []).map((action) => stepOf(who, action[0] as '+' | '-' | '=', action.slice(1)));
}

function stepOf(who: readonly Who[], operator: '+' | '-' | '=', permissions: string): ModeChange {
  return (mode, folder) => {
    let bits = 0;
    let own = 0;
    for (const one of who) {
      own |= 0o7 << SHIFT[one];
      bits |= permissionBits(permissions, mode, folder) << SHIFT[one];
      if (one === 'u') own |= 0o4000;
      if (one === 'g') own |= 0o2000;
      if (permissions.includes('s') && one !== 'o') bits |= one === 'u' ? 0o4000 : 0o2000;
    }
    if (permissions.includes('t')) bits |= 0o1000;
    if (operator === '+') return mode | bits;
    if (operator === '-') return mode & ~bits;
    return (mode & ~own) | bits;
  };
}

/** Three bits. `X`: execute when it is a folder, or somebody may execute it already. */
function permissionBits(permissions: string, mode: number, folder: boolean): number {
  if (permissions === 'u' || permissions === 'g' || permissions === 'o') return (mode >> SHIFT[permissions]) & 0o7;
  let bits = 0;
  if (permissions.includes('r')) bits |= 0o4;
  if (permissions.includes('w')) bits |= 0o2;
  if (permissions.includes('x') || (permissions.includes('X') && (folder || (mode & 0o111) !== 0))) bits |= 0o1;
  return bits;
}
