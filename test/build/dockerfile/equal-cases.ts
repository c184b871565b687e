import { gzipSync } from 'node:zlib';
import { tarOf } from '../../helpers/images.ts';

/** Content; or with a mode (folders have a slash at the end of their name); or a symbolic link. */
export type CaseFile =
  | string
  | Buffer
  | { readonly content?: string | Buffer; readonly link?: string; readonly mode?: number };

export interface Case {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, CaseFile>>;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly target?: string;
}

const TAR = await tarOf([
  { path: 'packed/', mode: 0o750, uid: 3, gid: 4, mtime: 5 },
  { path: 'packed/file', content: 'packed', mode: 0o4755, uid: 7, gid: 8, mtime: 9 },
  { path: 'packed/hard', type: 'hardlink', link: 'packed/file', mode: 0o4755, uid: 7, gid: 8, mtime: 9 },
  { path: 'packed/soft', type: 'symlink', link: 'file', uid: 1, gid: 2, mtime: 9 },
  { path: 'implied/deep', content: 'deep', mtime: 9 },
  {
    path: 'packed/capable',
    content: 'c',
    mode: 0o755,
    mtime: 9,
    xattrs: new Map([
      ['security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex')],
      ['user.note', Buffer.from('noted')],
    ]),
  },
]);

/** The context of most cases. */
const FILES: Readonly<Record<string, CaseFile>> = {
  'a.txt': 'a',
  'b.txt': { content: 'b', mode: 0o600 },
  'run.sh': { content: '#!/bin/sh\n', mode: 0o4755 },
  'sp ace.txt': 'space',
  'a[0].txt': 'bracket',
  'dir/one': '1',
  'dir/.hidden': 'h',
  'dir/sub/two': { content: '2', mode: 0o640 },
  'dir/sub/deep/three.log': '3',
  'dir/link': { link: 'one' },
  'dir/up': { link: '../a.txt' },
  'dir/broken': { link: 'nowhere' },
  'closed/': { mode: 0o700 },
  'closed/in': { content: 'in', mode: 0o400 },
  'to-dir': { link: 'dir' },
  'to-file': { link: 'a.txt' },
  'to-abs': { link: '/dir/one' },
  'empty/': '',
  'plain.tar': TAR,
  'packed.tar.gz': gzipSync(TAR),
  'no.tar': 'not a tar',
};

/** Lines after `FROM busybox`. */
function busybox(cases: Readonly<Record<string, string>>, files = FILES): Case[] {
  return Object.entries(cases).map(([name, lines]) => ({ name, files, dockerfile: `FROM busybox\n${lines}\n` }));
}

const COPIES = busybox({
  'COPY of a file to a name': 'COPY a.txt /x',
  'COPY of a file into a new folder': 'COPY a.txt /n/m/',
  'COPY of a file into a folder that is there': 'COPY a.txt /tmp',
  'COPY of a file to the root': 'COPY a.txt /\nCOPY b.txt .',
  'COPY of several sources': 'COPY a.txt b.txt dir run.sh /n/',
  'COPY of a folder': 'COPY dir /n',
  'COPY of a folder with a slash': 'COPY dir/ /n/',
  'COPY of everything': 'COPY . /n',
  'COPY of everything into the root': 'COPY . /',
  'COPY of a closed folder': 'COPY closed /n\nCOPY closed /tmp/',
  'COPY with a pattern': 'COPY *.txt d?r/o* dir/[.s]* /n/',
  'COPY with a pattern that nothing matches': 'COPY *.none a.txt /n/',
  'COPY with a quoted pattern': 'COPY a[[]0].txt /n/',
  'COPY with a space in the name': 'COPY ["sp ace.txt", "/n/with space"]',
  'COPY of links': 'COPY to-file /n/f\nCOPY to-dir /n/d\nCOPY to-abs /n/abs\nCOPY dir/up dir/link /n/',
  'COPY through a link': 'COPY to-dir/sub /n',
  'COPY of several files to a file': 'COPY a.txt b.txt /x',
  'COPY over a file': 'COPY a.txt /x\nCOPY b.txt /x',
  'COPY over a folder that is there': 'COPY closed /tmp\nCOPY dir /tmp\nCOPY empty /tmp/sub\nCOPY closed /tmp/sub',
  'COPY into a link to a folder': 'RUN mkdir -p /real && busybox ln -s /real /soft\nCOPY dir /soft\nCOPY a.txt /soft/',
  'COPY onto a link to a file': 'RUN echo x > /real; busybox ln -s real /soft\nCOPY a.txt /soft',
  'COPY onto a broken link': 'RUN busybox ln -s /later/on /soft\nCOPY a.txt /soft/x',
  'COPY through links in the middle':
    'RUN mkdir -p /real/in && busybox ln -s ../real /tmp/way && busybox ln -s in /real/inner\nCOPY dir /tmp/way/inner/new',
  'COPY of a link over a folder of the same name': 'COPY dir /n\nRUN mkdir /m/ /m/sub && touch /m/one\nCOPY dir /m',
  'COPY with owners': 'COPY --chown=app a.txt /n/1\nCOPY --chown=7 a.txt /n/2\nCOPY --chown=app:0 dir /o/p/',
  'COPY with an owner and links': 'COPY --chown=7:8 dir /n',
  'COPY with octal modes': 'COPY --chmod=4711 a.txt /n/\nCOPY --chmod=750 dir /o',
  'COPY with symbolic modes':
    'COPY --chmod=u=rwX,go=rX dir /n\nCOPY --chmod=g+w,o-r a.txt /n/\nCOPY --chmod=a-x run.sh /n/\nCOPY --chmod=u+s,+t a.txt /n/s',
  'COPY with modes for new folders':
    'COPY --chmod=u=rw,go= a.txt /q/r/\nCOPY --chmod=go= dir /p/o\nCOPY --chmod=1777 --chown=9 dir /t\nCOPY --chmod=600 closed/in /s/in',
  'COPY with exclude': 'COPY --exclude=*.txt --exclude=dir/sub . /n\nCOPY --exclude=**/*.log --exclude=!x dir /o',
  'COPY with parents': 'COPY --parents dir/sub/two a.txt /n/',
  'COPY with parents of folders': 'COPY --parents dir/sub closed /n/',
  'COPY with parents and a pivot': 'COPY --parents dir/./sub/two ./dir/sub/./deep /n/',
  'COPY with parents and patterns': 'COPY --parents dir/*/two **/*.log /n/',
  'COPY with parents and owner': 'COPY --parents --chown=7:8 --chmod=700 closed/in /n/',
  'COPY with link': 'COPY --link a.txt /n/\nCOPY --link --chown=5:6 --chmod=640 dir /n/\nCOPY --link b.txt /tmp/b',
  'COPY of here-documents':
    'ENV V=v\nCOPY <<ONE <<"TWO" /n/\none $V\nONE\ntwo $V\nTWO\nCOPY --chmod=755 --chown=3 <<-X /x\n\tfirst\n\t\tsecond\n\tX',
  'COPY of a here-document and a file': 'COPY <<X a.txt /n/\nhere\nX',
  'COPY of nothing but an empty folder': 'COPY empty /n\nCOPY empty /m/',
  'COPY from an image': 'COPY --from=busybox /etc /n\nCOPY --from=busybox /bin/sh /bin/cat /m/',
  'COPY into the working directory': 'WORKDIR /w\nCOPY a.txt .\nCOPY dir sub/\nWORKDIR v\nCOPY b.txt ../b',
  'COPY ignores the user': 'USER app\nCOPY a.txt /n/',
  'COPY into the folder of links': 'COPY a.txt /bin/\nCOPY a.txt /bin/cat',
});

const ADDS = busybox({
  'ADD of plain files': 'ADD a.txt dir /n/\nADD no.tar /n/',
  'ADD unpacks a tar': 'ADD plain.tar /n',
  'ADD unpacks a compressed tar': 'ADD packed.tar.gz /n/',
  'ADD unpacks over what is there': 'RUN mkdir -p /n/packed && touch /n/packed/mine\nADD plain.tar /n/',
  'ADD unpacks with an owner': 'ADD --chown=11:12 plain.tar /n/',
  'ADD unpacks with a mode': 'ADD --chmod=700 plain.tar /n/',
  'ADD that shall not unpack': 'ADD --unpack=false plain.tar /n/',
  'ADD with link': 'ADD --link plain.tar /n/',
  'ADD of a here-document': 'ADD <<X /x\nhere\nX',
  'ADD with exclude': 'ADD --exclude=sub dir /n',
});

const FOLDERS = busybox({
  WORKDIR: 'WORKDIR /w/v\nWORKDIR ../u\nWORKDIR /tmp',
  'WORKDIR of a user': 'USER app\nWORKDIR /w/v\nUSER 7:8\nWORKDIR /x',
  'WORKDIR with variables': 'ENV D=/d\nARG E=e\nWORKDIR $D/${E:-f}',
  'WORKDIR through a link': 'RUN mkdir /real && busybox ln -s real /soft\nWORKDIR /soft/in',
  'WORKDIR as the root': 'WORKDIR /',
});

const RUNS = busybox({
  'RUN that makes': 'RUN mkdir -p /d/e && echo x > /d/e/f && touch /top',
  'RUN that deletes': 'COPY dir /n\nRUN busybox rm -r /n/sub /n/one && busybox rm /etc/group',
  'RUN that deletes all of a folder': 'COPY dir /n\nRUN busybox rm -r /n && mkdir /n && touch /n/new',
  'RUN that makes a file of a folder': 'COPY dir /n\nRUN busybox rm -r /n/sub && echo x > /n/sub',
  'RUN that makes a folder of a file': 'COPY dir /n\nRUN busybox rm /n/one && mkdir /n/one && touch /n/one/x',
  'RUN that renames': 'COPY dir /n\nRUN busybox mv /n/sub /n/bus && busybox mv /n/one /n/uno',
  'RUN that makes hard links': 'RUN echo x > /n && busybox ln /n /m && busybox ln /n /tmp/o',
  'RUN that changes modes and owners':
    'COPY dir /n\nRUN busybox chmod 700 /n && busybox chown 7:8 /n/one && busybox chmod 4755 /n/sub/two && busybox chown -h 9 /n/link',
  'RUN that makes devices and pipes': 'RUN busybox mkfifo /p',
  'RUN that changes nothing': 'RUN true\nCOPY a.txt /x\nRUN echo only said',
  'RUN in the exec form': 'RUN ["/bin/sh", "-c", "echo $0 > /x", "a \\"b\\""]',
  'RUN with here-documents': 'RUN <<A\necho one > /one\necho two > /two\nA\nRUN <<B cat > /b\nb $HOME\nB',
  'RUN of a script': 'RUN <<X\n#!/bin/sh\necho "$0" > /x\nX',
  'RUN with another shell': 'SHELL ["/bin/sh", "-eu", "-c"]\nRUN echo $0 > /x\nCMD a b\nENTRYPOINT c d',
  'RUN with the groups of its user':
    'COPY --chmod=666 <<X /etc/group\nroot:x:0:\nwheel:x:10:root\napp:x:1001:\nlog:x:4:app,root\nX\nRUN while read -r a b; do if test "$a" = Groups:; then echo root $b > /tmp/g; fi; done < /proc/self/status\n' +
    ['app', 'app:log', '1000', '1000:4', '77']
      .map(
        (user) =>
          `USER ${user}\nRUN while read -r a b; do if test "$a" = Groups:; then echo ${user} $(id -u) $(id -g) $b > /tmp/g-${user}; fi; done < /proc/self/status`,
      )
      .join('\n'),
  'RUN of a user':
    'USER app\nWORKDIR /w\nRUN id -u > f; id -g >> f; echo $HOME $PWD $PATH > e\nUSER 9\nRUN id -u > /tmp/g; id -g >> /tmp/g; echo $HOME >> /tmp/g',
  'RUN with arguments': 'ARG A=1 B\nENV C=3 A=4\nARG B="b c"\nRUN echo "$A $B $C" > /x',
  'RUN over several lines': 'RUN echo one \\\n  # not here\n  two > /x && \\\n  true',
  'RUN with a folder of the context': 'RUN --mount=type=bind,source=dir,target=/m cat /m/one > /x; ls /m > /y',
  'RUN with a mount that is written to': 'RUN --mount=type=bind,source=dir,target=/m,rw touch /m/new && ls /m > /x',
  'RUN with a cache': 'RUN --mount=type=cache,target=/c/d,mode=0700,uid=5 touch /c/d/x && stat -c "%a %u" /c/d > /y',
  'RUN with memory': 'RUN --mount=type=tmpfs,target=/m/n touch /m/n/x && ls /m/n > /y',
  'RUN with secrets':
    'RUN --mount=type=secret,id=token --mount=type=secret,id=token,env=T,target=/s/t,mode=0440 cat /s/t > /x; echo "$T" > /y; stat -c "%a %u" /run/secrets/token /s/t > /z',
  'RUN that touches what is mounted': 'RUN cat /etc/hosts /etc/resolv.conf > /dev/null; touch /etc/new /dev/null',
});

const CONFIG = busybox({
  ENV: 'ENV A=1 B="two words" C=$A\nENV A=9 D=${A}x E=\\$A\nENV OLD form of it\nENV PATH=/x:$PATH',
  LABEL: 'LABEL a=1 "b c"="d e"\nLABEL a=2 z="multi \\\nline"\nENV V=v\nLABEL v=$V w=\'$V\'',
  EXPOSE: 'EXPOSE 80 443/tcp 53/udp\nARG P=8080\nEXPOSE $P 90-92',
  VOLUME: 'VOLUME /a /b\nVOLUME ["/c d", "/e"]',
  HEALTHCHECK:
    'HEALTHCHECK --interval=90s --timeout=2m --start-period=1h --start-interval=250ms --retries=3 CMD true || false',
  'HEALTHCHECK in the exec form': 'HEALTHCHECK CMD ["true", "x y"]',
  'HEALTHCHECK NONE': 'HEALTHCHECK NONE',
  STOPSIGNAL: 'STOPSIGNAL SIGQUIT',
  USER: 'USER app:app\nARG U=7\nUSER $U',
  ONBUILD: 'ONBUILD RUN echo x\nONBUILD COPY a.txt /x',
  MAINTAINER: 'MAINTAINER Some One <one@example.com>',
  'CMD and ENTRYPOINT': 'CMD echo a b\nENTRYPOINT ["/bin/echo", "x \\"y\\""]',
  'ENTRYPOINT alone': 'ENTRYPOINT exec top -b',
  'CMD alone': 'CMD ["a", "<b>", "é"]',
  ARG: 'ARG A\nARG B=b\nARG C=$B-$A\nENV E=${C:+c}${A:-none}\nLABEL l=$C\nARG TARGETARCH\nARG TARGETPLATFORM BUILDOS\nRUN echo $TARGETARCH > /x',
});

const STAGES: readonly Case[] = [
  {
    name: 'stages by name and number',
    files: FILES,
    dockerfile:
      'FROM busybox AS one\nRUN mkdir /o && echo 1 > /o/1\nENV X=1\nFROM busybox AS Two\nCOPY --from=one /o /t\nFROM one\nCOPY --from=1 /t /t\nCOPY --from=two --chown=5 /t/1 /u\nCMD x\n',
  },
  {
    name: 'a stage upon a stage',
    files: FILES,
    dockerfile:
      'FROM busybox AS one\nARG A=1\nENV B=2\nWORKDIR /w\nUSER app\nCMD one\nFROM one\nARG A\nRUN echo "$A$B" > /tmp/x\nENTRYPOINT ["e"]\n',
  },
  {
    name: 'a target',
    files: FILES,
    target: 'mid',
    dockerfile: 'FROM busybox AS first\nCOPY a.txt /\nFROM first AS mid\nCOPY b.txt /\nFROM mid\nRUN false\n',
  },
  {
    name: 'scratch',
    files: FILES,
    dockerfile: 'FROM busybox AS b\nFROM scratch\nCOPY --from=b /bin /bin\nCOPY dir /dir\nWORKDIR /w\nENV A=1\n',
  },
  {
    name: 'scratch with a single file, linked',
    files: FILES,
    dockerfile: 'FROM scratch\nCOPY --link a.txt /x/\nENTRYPOINT ["/x/a.txt"]\n',
  },
  {
    name: 'triggers of a stage',
    files: FILES,
    dockerfile: 'FROM busybox AS one\nONBUILD ENV T=1\nONBUILD COPY a.txt /t\nFROM one\nRUN cat /t > /u\n',
  },
  { name: 'a base that hands much on', files: FILES, dockerfile: 'FROM parent\nLABEL from=here\nCOPY b.txt c/\n' },
  {
    name: 'a base with a command, and another entry point',
    files: FILES,
    dockerfile: 'FROM parent\nENV A=2\nVOLUME /more\nEXPOSE 2\nENTRYPOINT ["new"]\nWORKDIR sub\n',
  },
  {
    name: 'arguments before FROM, and those of the user',
    files: FILES,
    buildArgs: { BASE: 'busybox', V: 'given', UNUSED: 'x' },
    labels: { added: 'label' },
    dockerfile: 'ARG BASE=nothing\nARG G=global\nFROM ${BASE}\nARG V=default\nARG G\nENV W=$V$G\nRUN echo $V $G > /x\n',
  },
  {
    name: 'mounts of stages',
    files: FILES,
    dockerfile:
      'FROM busybox AS made\nRUN mkdir /o && echo o > /o/f\nFROM busybox\nRUN --mount=from=made,source=/o,target=/m cat /m/f > /x\n',
  },
  { name: 'another escape', files: FILES, dockerfile: '# escape=`\nFROM busybox\nENV A=c:\\x\nRUN echo `\n  x > /x\n' },
  {
    name: 'links in another stage',
    files: FILES,
    dockerfile:
      'FROM busybox AS s\nRUN mkdir -p /r/in /tmp/w && echo x > /r/in/f && busybox ln -s /r /soft && busybox ln -s in/f /r/g && busybox ln /r/in/f /r/in/h && busybox mkfifo /r/p\nFROM busybox\nCOPY --from=s /soft/in/f /1\nCOPY --from=s /r/g /2\nCOPY --from=s /soft /3\nCOPY --from=s /r/in /4/\n',
  },
];

const IGNORED: readonly Case[] = Object.entries({
  names: 'a.txt\ndir/sub\n',
  patterns: '# comment\n*.txt\n**/*.log\nd?r/o*\n',
  exceptions: '*\n!dir\n!a.txt\ndir/sub\n!dir/sub/deep\n',
  'exceptions below': 'dir\n!dir/sub/two\n**/two\n!b.txt\n',
  itself: '.dockerignore\nclosed/\nto-*\n',
}).map(([name, text]) => ({
  name: `.dockerignore with ${name}`,
  files: { ...FILES, '.dockerignore': text },
  dockerfile: 'FROM busybox\nCOPY . /n\n',
}));

export const CASES: readonly Case[] = [...COPIES, ...ADDS, ...FOLDERS, ...RUNS, ...CONFIG, ...STAGES, ...IGNORED];

/** What none of them builds. */
export const REFUSED: readonly Case[] = busybox({
  'COPY of what is not there': 'COPY nothing /x',
  'COPY below a file': 'COPY a.txt /x\nCOPY a.txt /x/y',
  'COPY of a folder onto a file': 'COPY a.txt /x\nCOPY dir /x',
  'COPY with parents of what is not there': 'COPY --parents dir/none /x/',
  'COPY of a broken link': 'COPY dir/broken /x',
  'WORKDIR on a file': 'COPY a.txt /x\nWORKDIR /x',
  'a RUN that fails': 'RUN false',
  'COPY from an unknown stage': 'COPY --from=9 /x /x',
});

/** What is built differently, with the reason; each line is in one image only. */
export interface Difference extends Case {
  readonly reason: string;
  /** Lines of the front end's image that the local executor's has not; and the other way round. */
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

const different = (name: string, lines: string, rest: Pick<Difference, 'ours' | 'reason' | 'theirs'>): Difference => ({
  name,
  files: FILES,
  dockerfile: `FROM busybox\n${lines}\n`,
  ...rest,
});

export const DIFFERENCES: readonly Difference[] = [
  different('RUN that links to a file below', 'COPY a.txt /n\nRUN busybox ln /n /m', {
    reason: 'a link that a process made is kept: BuildKit writes the new name alone, and so makes two files',
    theirs: ['/dev', '/m', '/n', '/proc', '/sys'],
    ours: ['/m one of /m /n', '/n one of /m /n'],
  }),
  different('mount points that the base has not', 'RUN true', {
    reason: 'BuildKit leaves behind what only its container needed',
    theirs: ['/dev', '/proc', '/sys'],
    ours: [],
  }),
];

/** What only the local executor refuses. */
export const STRICTER: readonly Case[] = busybox({
  // BuildKit takes root for somebody it does not know, though the Dockerfile reference says that the build fails.
  'an owner that is not there': 'COPY --chown=nobody a.txt /x',
});
