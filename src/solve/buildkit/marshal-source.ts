import { TareError } from '../../base/error.ts';
import type { Source, SourceVertex } from '../types.ts';
import type { OpInput, OpPlatform } from './llb.ts';
import { opPlatform, type Marshaller } from './marshaller.ts';

/** Images are named by this and their digest; the name is for the daemon's progress only. */
const IMAGE_NAME = 'tare/image';

/** Under this name the session offers what may be read; without a session in the operation, its digest is the same for every build. */
export const CONTENT_STORE = 'tare';

/** moby/buildkit v0.29, solver/pb/attr.go. */
export function sourceOp(vertex: SourceVertex, marshaller: Marshaller, platform: OpPlatform): OpInput {
  const { source } = vertex;
  const { attrs, caps, identifier } = sourceOf(vertex, marshaller);
  const sorted = Object.fromEntries(Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1)));
  const own = source.kind === 'image' ? opPlatform(source.platform) : platform;
  return marshaller.add(
    { source: { identifier, attrs: sorted }, platform: own },
    { name: vertex.name, vertex, caps: [...caps].sort() },
  );
}

interface SourceParts {
  readonly identifier: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly caps: readonly string[];
}

function sourceOf(vertex: SourceVertex, marshaller: Marshaller): SourceParts {
  const { source } = vertex;
  switch (source.kind) {
    case 'image':
    case 'local':
      return {
        identifier: `oci-layout://${IMAGE_NAME}@${marshaller.imageOf(vertex)}`,
        attrs: { 'oci.store': CONTENT_STORE },
        caps: ['source.ocilayout'],
      };
    case 'http':
      return {
        identifier: source.url,
        attrs: {
          'http.filename': source.filename,
          ...(source.checksum === undefined ? {} : { 'http.checksum': source.checksum }),
        },
        caps: ['source.http', ...(source.checksum === undefined ? [] : ['source.http.checksum'])],
      };
    case 'git':
      return gitSource(vertex, source);
    case 'inline':
  }
  throw new Error('inline files are no source of the daemon');
}

/** `git@host:path`, as scp(1) writes it. */
const SCP_URL = /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/;

/** The identifier is the same for every protocol, as client/llb/source.go makes it; the URL itself is an attribute. */
function gitSource(vertex: SourceVertex, source: Extract<Source, { kind: 'git' }>): SourceParts {
  const { host, isSsh, path } = gitPlace(vertex, source.url);
  const fragment =
    source.ref === '' && source.subdir === '' ? '' : `#${source.ref}${source.subdir === '' ? '' : `:${source.subdir}`}`;
  return {
    identifier: `git://${host}/${path.replace(/^\/+/, '')}${fragment}`,
    attrs: {
      'git.fullurl': source.url,
      'git.authheadersecret': 'GIT_AUTH_HEADER',
      'git.authtokensecret': 'GIT_AUTH_TOKEN',
      ...(source.keepGitDir ? { 'git.keepgitdir': 'true' } : {}),
      ...(source.checksum === undefined ? {} : { 'git.checksum': source.checksum }),
      ...(isSsh ? { 'git.mountsshsock': 'default' } : {}),
    },
    caps: [
      'source.git',
      'source.git.fullurl',
      ...(source.keepGitDir ? ['source.git.keepgitdir'] : []),
      ...(source.subdir === '' ? [] : ['source.git.subdir']),
      ...(source.checksum === undefined ? [] : ['source.git.checksum']),
      ...(isSsh ? ['source.git.mountsshsock'] : []),
    ],
  };
}

function gitPlace(vertex: SourceVertex, text: string): { host: string; path: string; isSsh: boolean } {
  const scp = SCP_URL.exec(text);
  if (scp !== null) return { host: scp[1] ?? '', path: scp[2] ?? '', isSsh: true };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['git:', 'http:', 'https:', 'ssh:'].includes(url.protocol))
    throw new TareError('E_USAGE', `${vertex.name}: this is no URL of a git repository`, {
      hint: 'write https://HOST/PATH.git#REF, or git@HOST:PATH.git#REF',
    });
  return { host: url.host, path: url.pathname, isSsh: url.protocol === 'ssh:' };
}
