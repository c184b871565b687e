import type { Digest } from '../../base/digest.ts';
import type { Context } from '../../base/events.ts';
import { tellStep } from '../tell.ts';
import type { SourceVertex } from '../types.ts';
import { gitRemote } from './git-remote.ts';
import { gitFiles, type GitOptions } from './git-source.ts';
import { shownUrl } from './http-fetch.ts';
import { httpFiles } from './http-source.ts';
import type { FileSystem } from './result.ts';

/** What sources of the network may have of this machine. */
export interface RemoteOptions extends Pick<GitOptions, 'env' | 'ssh' | 'secrets'> {
  /** Is told of every source once its files are here. */
  readonly onFetched?: (source: FetchedSource) => void;
}

/** What a source of the network is now: the file's sha256, or the commit. */
export interface FetchedSource {
  /** Without credentials. */
  readonly url: string;
  readonly kind: 'http' | 'git';
  /** Hex. */
  readonly digest: string;
}

export interface RemoteSource {
  readonly source: Extract<SourceVertex['source'], { readonly kind: 'http' | 'git' }>;
  readonly digest: Digest;
  readonly home: string;
  readonly ctx: Context;
}

/** Fetches what is not here yet, and tells of it as of a step. @throws TareError as httpFiles and gitFiles */
export async function remoteFiles(
  { ctx, digest, home, source }: RemoteSource,
  remote: RemoteOptions,
): Promise<FileSystem> {
  return tellStep(ctx, { digest, name: `fetch ${shownSource(source)}` }, async () => {
    const url = shownSource(source);
    if (source.kind === 'http') {
      const { cached, files, sha256 } = await httpFiles(source, { home, env: remote.env, ctx });
      remote.onFetched?.({ kind: 'http', url, digest: sha256 });
      return { cached, value: files };
    }
    const { cached, commit, files } = await gitFiles(source, { ...remote, home, ctx });
    remote.onFetched?.({ kind: 'git', url, digest: commit });
    return { cached, value: files };
  });
}

/** Without credentials. */
export function shownSource(source: RemoteSource['source']): string {
  if (source.kind === 'http') return shownUrl(new URL(source.url));
  const { url } = gitRemote(source.url);
  return source.ref === '' ? url : `${url}#${source.ref}`;
}
