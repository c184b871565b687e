import { pathOfText } from '../../../base/path.ts';
import { lastName } from '../../facts/base-variables.ts';

/** Compilers, linkers, headers and what drives them, as Debian, Alpine and Fedora call them. */
const NAMES = new Set(
  (
    'alpine-sdk autoconf automake bison build-base build-essential cargo clang cmake cpp default-jdk dpkg-dev flex g++ gcc gfortran ' +
    'golang golang-go go javac ld libtool linux-headers linux-libc-dev llvm m4 make maven meson musl-dev nasm ninja ninja-build ' +
    'nodejs-dev openjdk-jdk patch pkg-config pkgconf rustc rust swig yasm binutils gdb strace valgrind git-svn'
  ).split(' '),
);
const SHAPES = [
  /^(?:gcc|g\+\+|cpp|clang|llvm|gfortran|binutils|golang|lib(?:gcc|stdc\+\+)|openjdk)-\d[\w.]*(?:-dev|-jdk|-jdk-headless|-tools)?$/,
  /-(?:dev|devel|headers|jdk|jdk-headless)$/,
  /^(?:binutils|cpp|gcc|g\+\+)(?:-\d+)?-(?:x86-64|aarch64|arm|i686|powerpc64le|s390x)-linux-gnu\w*$/,
  /^java-[\d.]+-openjdk-devel$/,
];

/** `libgcc-12-dev`, not `libgcc-s1`. */
export function isBuildPackage(name: string): boolean {
  if (/^lib(?:gcc|stdc\+\+)-[\d.]+$/.test(name)) return false;
  return NAMES.has(name) || SHAPES.some((shape) => shape.test(name));
}

/** Images that are made for building. */
const SDKS = new Set(['buildpack-deps', 'gcc', 'golang', 'gradle', 'haskell', 'maven', 'rust', 'swift']);
/** Their plain tags are built upon buildpack-deps. */
const UPON_BUILDPACK = new Set(['node', 'python', 'ruby', 'perl', 'pypy', 'erlang', 'elixir']);
const SMALL_TAG = /(?:^|-)(?:slim|alpine|windowsservercore|nanoserver)/;

/** What an image carries for building, in words; undefined for others. */
export function toolsOfBase(image: string): string | undefined {
  const name = lastName(image);
  const path = image.split('@', 1)[0] ?? '';
  const colon = path.indexOf(':', path.lastIndexOf('/') + 1);
  const tag = colon === -1 ? '' : path.slice(colon + 1);
  if (/(?:^|\/)dotnet\/sdk$/.test(path.slice(0, colon === -1 ? undefined : colon))) return 'the .NET SDK';
  if (SDKS.has(name) && isOfficial(path, name)) return `the tools that ${name} builds with`;
  if (
    ['openjdk', 'eclipse-temurin', 'amazoncorretto'].includes(name) &&
    !/jre/.test(tag) &&
    (tag.includes('jdk') || tag === '' || name === 'openjdk')
  )
    return 'a Java compiler';
  if (UPON_BUILDPACK.has(name) && isOfficial(path, name) && !SMALL_TAG.test(tag))
    return 'compilers and headers: its slim tag does not';
  return undefined;
}

/** `node`, `library/node`, `docker.io/library/node`, and mirrors that keep the name `library`. */
function isOfficial(path: string, name: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return folder === '' || folder.endsWith('library/') || folder === `${name}/`;
}

/** Where such images keep tools that no package owns. */
export const TOOL_FOLDERS = [
  ...['sdk', 'sdk-manifests', 'packs', 'templates'].map((name) => `/usr/share/dotnet/${name}`),
  '/usr/local/go',
  '/usr/local/cargo',
  '/usr/local/rustup',
].map(pathOfText);
