import { type ByteString, bytesOfText } from '../../base/path.ts';
import type { ProcessContext } from '../types.ts';

/** Data that a library reads for whoever uses it. Paths may be patterns as of glob(7). */
interface LibraryData {
  /** File name of the library. */
  readonly library: RegExp;
  /** … only for programs that import one of these. */
  readonly imports?: readonly ByteString[];
  readonly paths: (context: ProcessContext) => readonly ByteString[];
  readonly because: string;
}

const fixed =
  (...paths: readonly string[]) =>
  (): readonly ByteString[] =>
    paths.map(bytesOfText);

/** Terminals that anybody has; and the one that the environment names. */
const TERMINALS = [
  'ansi',
  'dumb',
  'linux',
  'screen',
  'screen-256color',
  'tmux',
  'tmux-256color',
  'vt100',
  'vt220',
  'xterm',
  'xterm-256color',
];

/** The constants of libraries are not searched: each would bring what one of its many users may want. These read one thing, and are of no use without it. */
export const LIBRARY_DATA: readonly LibraryData[] = [
  {
    library: /^libmagic\.so\./,
    paths: fixed(
      '/etc/magic',
      '/etc/magic.mime',
      '/usr/share/misc/magic.mgc',
      '/usr/share/file/magic.mgc',
      '/usr/lib/file/magic.mgc',
    ),
    because: 'libmagic knows files by it',
  },
  {
    library: /^lib(?:tinfow?|ncursesw?)\.so\./,
    paths: ({ env }) =>
      [...TERMINALS, ...(/^[\w.+-]+$/.test(env['TERM'] ?? '') ? [env['TERM'] as string] : [])].flatMap((name) =>
        ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo'].map(
          (folder) => `${folder}/${name.slice(0, 1)}/${name}`,
        ),
      ),
    because: 'describes a terminal for ncurses',
  },
  {
    library: /^lib(?:krb5|gssapi_krb5)\.so\./,
    paths: fixed('/etc/krb5.conf', '/etc/krb5.conf.d/*', '/etc/gss/mech.d/*'),
    because: 'configures Kerberos',
  },
  {
    library: /^liblber-|^libldap(?:_r)?-/,
    paths: fixed('/etc/ldap/ldap.conf', '/etc/openldap/ldap.conf'),
    because: 'configures LDAP',
  },
  { library: /^libodbc\.so\./, paths: fixed('/etc/odbc.ini', '/etc/odbcinst.ini'), because: 'configures ODBC' },
  {
    library: /^libfontconfig\.so\./,
    paths: fixed('/etc/fonts/fonts.conf', '/etc/fonts/conf.d/*', '/usr/share/fontconfig/conf.avail/*'),
    because: 'tells fontconfig where fonts are',
  },
  {
    library: /^libproj\.so\./,
    paths: fixed('/usr/share/proj/proj.db', '/usr/share/proj/proj.ini'),
    because: 'coordinate systems of PROJ',
  },
  {
    library: /^libgvc\.so\./,
    paths: fixed('/usr/lib/*/graphviz/config*', '/usr/lib/graphviz/config*'),
    because: 'lists plug-ins of Graphviz',
  },
  {
    library: /^libMagickCore-/,
    paths: fixed('/etc/ImageMagick-*/*', '/usr/share/ImageMagick-*/*', '/usr/lib/*/ImageMagick-*/config-*/*'),
    because: 'configures ImageMagick',
  },
  {
    library: /^libcrypto\.so\./,
    paths: fixed(
      '/usr/lib/ssl/openssl.cnf',
      '/etc/ssl/openssl.cnf',
      '/etc/pki/tls/openssl.cnf',
      '/usr/local/ssl/openssl.cnf',
    ),
    because: 'configures OpenSSL',
  },
];

/** Functions of libc that read a file by a fixed name, when a program imports them. */
export const LIBC_FILES: readonly { readonly imports: readonly ByteString[]; readonly path: ByteString }[] = [
  {
    imports: ['getservbyname', 'getservbyname_r', 'getservbyport', 'getservbyport_r', 'getservent'],
    path: '/etc/services',
  },
  {
    imports: ['getprotobyname', 'getprotobyname_r', 'getprotobynumber', 'getprotobynumber_r', 'getprotoent'],
    path: '/etc/protocols',
  },
  { imports: ['getrpcbyname', 'getrpcbyname_r', 'getrpcbynumber'], path: '/etc/rpc' },
  { imports: ['localtime', 'localtime_r', 'mktime', 'tzset'], path: '/etc/localtime' },
];
