import { TareError } from '../../base/error.ts';

/** Where a repository is, without credentials: they are in `header` alone, and go to no other host. */
export interface GitRemote {
  /** For git: as it was given, without what stands before `@`, unless that is the user of ssh. */
  readonly url: string;
  /** The one protocol that leads there; what submodules may have is said elsewhere. */
  readonly protocol: 'file' | 'git' | 'http' | 'https' | 'ssh';
  /** Of http and https. */
  readonly origin?: string;
  readonly host: string;
  /** `Authorization: …` */
  readonly header?: string;
}

const SCP_LIKE = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*@([A-Za-z0-9_.][A-Za-z0-9_.-]*):(?!\/\/)([^-\s][^\s]*)$/;
/** git-check-ref-format(1), and no option. */
// oxlint-disable-next-line no-control-regex
const BAD_REF = /^-|^\/|[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock$|\.$|\/$/;
const MAX_REF_BYTES = 1024;

/**
 * Takes the URL of a repository apart. Nothing that it gives can be taken for an option, by git or by ssh.
 * @throws TareError E_FETCH for a protocol that is not known here
 */
export function gitRemote(text: string, allowFile = false): GitRemote {
  const scp = SCP_LIKE.exec(text);
  if (scp !== null) return { url: text, protocol: 'ssh', host: scp[1] ?? '' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname ?? '';
  if (url === undefined || text.startsWith('-') || host.startsWith('-')) throw unknown();
  const login = { name: unescaped(url.username), password: unescaped(url.password) };
  if (login.name.startsWith('-')) throw unknown();
  [url.password, url.hash] = ['', ''];
  switch (url.protocol) {
    case 'ssh:':
      return { url: url.href, protocol: 'ssh', host };
    case 'http:':
    case 'https:': {
      url.username = '';
      const { origin } = url;
      const basic = Buffer.from(`${login.name}:${login.password}`, 'utf8').toString('base64');
      const header = login.name === '' && login.password === '' ? {} : { header: `Authorization: Basic ${basic}` };
      return {
        url: url.href,
        protocol: url.protocol === 'https:' ? 'https' : 'http',
        origin,
        host: url.host,
        ...header,
      };
    }
    case 'git:':
      url.username = '';
      return { url: url.href, protocol: 'git', host: url.host };
    case 'file:':
      if (allowFile) return { url: url.href, protocol: 'file', host: '' };
      throw unknown();
    default:
      throw unknown();
  }
}

const unknown = (): TareError =>
  new TareError('E_FETCH', 'cannot fetch a repository: its address is none that is known here', {
    hint: 'write https://HOST/PATH.git#REF, ssh://USER@HOST/PATH#REF, or USER@HOST:PATH.git#REF',
  });

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** @throws TareError E_FETCH for what cannot be the name of a branch, a tag or a commit */
export function checkRef(ref: string): void {
  if (!BAD_REF.test(ref) && Buffer.byteLength(ref) <= MAX_REF_BYTES) return;
  throw new TareError('E_FETCH', `${JSON.stringify(ref.slice(0, 200))} cannot be a branch, a tag or a commit`, {
    hint: 'write URL#REF or URL#REF:FOLDER',
  });
}

export const isCommit = (ref: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
