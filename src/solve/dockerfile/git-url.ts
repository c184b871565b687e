/** Where a git source is. `ref` is empty for the default branch, `subdir` for all of it. */
export interface GitUrl {
  readonly url: string;
  readonly ref: string;
  readonly subdir: string;
}

const SCP_LIKE = /^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:(?!\/\/)[^\s?#]+(?:\.git)?$/;

/**
 * What BuildKit takes for git: `git://`, `ssh://`, `user@host:path`, and `http(s)://….git`, each with `#REF[:SUBDIR]`; `github.com/OWNER/REPO` is not
 * taken, since a folder of the context may be called so.
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const hash = text.indexOf('#');
  const url = hash === -1 ? text : text.slice(0, hash);
  const fragment = hash === -1 ? '' : text.slice(hash + 1);
  const isGit = /^(?:git|ssh):\/\/\S+$/.test(url) || /^https?:\/\/[^\s?]+\.git\/?$/.test(url) || SCP_LIKE.test(url);
  if (!isGit) return undefined;
  const colon = fragment.indexOf(':');
  const ref = colon === -1 ? fragment : fragment.slice(0, colon);
  const subdir = colon === -1 ? '' : fragment.slice(colon + 1);
  return {
    url,
    ref,
    subdir: subdir
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .join('/'),
  };
}
