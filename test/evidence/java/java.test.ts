import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { collect } from '../../../src/evidence/collect.ts';
import { javaAnalyser } from '../../../src/evidence/java/index.ts';
import { attributesOf } from '../../../src/evidence/java/manifest.ts';
import { splitArguments } from '../../../src/evidence/java/words.ts';
import { buildElf } from '../../helpers/elf-builder.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { buildZip } from '../../helpers/zip-builder.ts';

const elf = { content: '\x7fELF', mode: 0o755 };
const HOME = '/usr/lib/jvm/java-17';
const LIBRARIES =
  'java jli jimage zip net nio verify awt awt_headless awt_xawt fontmanager jsound jsvml saproc jdwp management'.split(
    ' ',
  );

const RUNTIME: Record<string, MemoryFile> = {
  '/usr/bin/java': { link: `${HOME}/bin/java` },
  [`${HOME}/bin/java`]: elf,
  [`${HOME}/bin/javac`]: elf,
  [`${HOME}/lib/modules`]: 'classes',
  [`${HOME}/lib/jvm.cfg`]: { link: '/etc/java-17/jvm.cfg' },
  '/etc/java-17/jvm.cfg': '-server KNOWN\n',
  [`${HOME}/lib/server/libjvm.so`]: elf,
  [`${HOME}/lib/server/classes.jsa`]: 'x',
  [`${HOME}/lib/server/classes_nocoops.jsa`]: 'x',
  [`${HOME}/lib/minimal/libjvm.so`]: elf,
  ...Object.fromEntries(LIBRARIES.map((name) => [`${HOME}/lib/lib${name}.so`, elf])),
  [`${HOME}/lib/tzdb.dat`]: 'x',
  [`${HOME}/lib/ct.sym`]: 'x',
  [`${HOME}/lib/src.zip`]: 'x',
  [`${HOME}/lib/security/cacerts`]: { link: '/etc/ssl/certs/java/cacerts' },
  '/etc/ssl/certs/java/cacerts': 'x',
  [`${HOME}/conf/security/java.security`]: { link: '/etc/java-17/java.security' },
  '/etc/java-17/java.security': 'x',
  [`${HOME}/jmods/java.base.jmod`]: 'x',
  [`${HOME}/include/jni.h`]: 'x',
  '/usr/lib/x86_64-linux-gnu/libstdc++.so.6': elf,
};

async function kept(
  files: Record<string, MemoryFile>,
  argv: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<{ has: (path: string) => boolean; warnings: readonly string[]; paths: readonly string[] }> {
  const memory = memoryTree({ ...RUNTIME, ...files });
  const context = { argv, env: options.env ?? {}, cwd: pathOfText(options.cwd ?? '/app') };
  const path = pathOfText(argv[0]?.startsWith('/') === true ? argv[0] : '/usr/bin/java');
  const { graph, warnings } = await collect({
    ...memory,
    roots: [{ root: 'entrypoint', path, kind: 'entrypoint', because: 'x', context }],
    analysers: [javaAnalyser()],
    ctx: createContext({}),
  });
  return {
    has: (text) => graph.has(pathOfText(text)),
    warnings: warnings.map((warning) => warning.code),
    paths: graph.edges
      .map((edge) => edge.to)
      .filter((to) => to.startsWith('/app') || to.startsWith('/opt'))
      .sort(),
  };
}

const lib = (name: string): string => `${HOME}/lib/lib${name}.so`;
const jar = (files: Record<string, string | Uint8Array>, manifest = ''): Uint8Array =>
  buildZip({ 'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\n${manifest}`, ...files });

describe('the run-time', () => {
  it('is kept without what makes programs, and without parts that nothing names', async () => {
    const { has, warnings } = await kept({ '/app/Main.class': 'plain' }, ['java', 'Main']);
    const wanted = [
      'lib/modules',
      'lib/jvm.cfg',
      'lib/server/libjvm.so',
      'lib/server/classes.jsa',
      'lib/tzdb.dat',
      'lib/security/cacerts',
      'conf/security/java.security',
    ];
    for (const name of wanted) expect(has(`${HOME}/${name}`), name).toBe(true);
    for (const name of ['java', 'net', 'nio', 'zip', 'management']) expect(has(lib(name)), name).toBe(true);
    for (const path of [
      '/etc/java-17/java.security',
      '/etc/java-17/jvm.cfg',
      '/etc/ssl/certs/java/cacerts',
      '/app/Main.class',
    ])
      expect(has(path), path).toBe(true);
    const dropped = [
      'lib/ct.sym',
      'lib/src.zip',
      'bin/javac',
      'jmods/java.base.jmod',
      'include/jni.h',
      'lib/minimal/libjvm.so',
      'lib/server/classes_nocoops.jsa',
    ];
    for (const name of dropped) expect(has(`${HOME}/${name}`), name).toBe(false);
    for (const name of ['awt', 'awt_xawt', 'fontmanager', 'jsound', 'jsvml', 'saproc', 'jdwp'])
      expect(has(lib(name)), name).toBe(false);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['java/awt/image/BufferedImage', ['awt', 'awt_headless', 'fontmanager'], ['awt_xawt', 'jsound']],
    ['javax/swing/JFrame', ['awt', 'awt_xawt'], ['jsound']],
    ['javax/sound/sampled/Clip', ['jsound'], ['awt']],
  ])('has the parts that classes name: %s', async (name, there, gone) => {
    const library = jar({
      'x/A.class': `CAFEBABE ${name} and a tail that is long enough to be deflated ${' '.repeat(100)}`,
    });
    const { has } = await kept({ '/app/app.jar': jar({ 'BOOT-INF/lib/inner.jar': library }) }, [
      'java',
      '-jar',
      'app.jar',
    ]);
    for (const each of there) expect(has(lib(each)), each).toBe(true);
    for (const each of gone) expect(has(lib(each)), each).toBe(false);
  });

  it('follows options', async () => {
    const debug = await kept({}, [
      'java',
      '-agentlib:jdwp=transport=dt_socket',
      '-XX:-UseCompressedOops',
      '-minimal',
      'Main',
    ]);
    expect(debug.has(lib('jdwp'))).toBe(true);
    expect(debug.has(`${HOME}/lib/minimal/libjvm.so`)).toBe(true);
    const off = await kept({}, ['java', '-Xshare:off', 'Main']);
    expect(off.has(`${HOME}/lib/server/classes.jsa`)).toBe(false);
    const zgc = await kept({}, ['java', 'Main'], { env: { JAVA_TOOL_OPTIONS: '-XX:+UseZGC' } });
    expect(zgc.has(`${HOME}/lib/server/classes_nocoops.jsa`)).toBe(true);
  });

  it('of the JDK 8 lies in jre', async () => {
    const home = '/opt/jdk8';
    const files = {
      [`${home}/bin/java`]: elf,
      [`${home}/jre/lib/rt.jar`]: 'x',
      [`${home}/jre/lib/amd64/server/libjvm.so`]: elf,
      [`${home}/jre/lib/amd64/libawt.so`]: elf,
      [`${home}/lib/tools.jar`]: 'x',
    };
    const { paths } = await kept(files, [`${home}/bin/java`, '-version']);
    expect(paths).toEqual([`${home}/bin/java`, `${home}/jre/lib/amd64/server/libjvm.so`, `${home}/jre/lib/rt.jar`]);
  });

  it('that is not there is told about', async () => {
    const { warnings } = await kept({ '/x/bin/java': elf }, ['/x/bin/java', 'Main']);
    expect(warnings).toEqual(['java-home']);
  });
});

describe('the class path', () => {
  const files: Record<string, MemoryFile> = {
    '/app/classes/a/Main.class': 'x',
    '/app/classes/messages.properties': 'x',
    '/app/lib/one.jar': jar({}, 'Class-Path: two.jar sub/%33.jar\r\n  ../lib/four.jar http://x/y.jar\r\n'),
    '/app/lib/two.jar': jar({}, 'Class-Path: one.jar'),
    '/app/lib/sub/3.jar': jar({}),
    '/app/lib/four.jar': 'damaged',
    '/app/lib/notes.txt': 'x',
    '/app/agent.jar': jar({}),
    '/app/args': '# options\n-cp "classes:lib/one.jar" \\\n a.Main',
    '/opt/tool/app.jar': jar({}),
    '/opt/tool/plugins/extra.dat': 'x',
    '/opt/trust.jks': 'x',
    '/opt/native/libfast.so': elf,
  };
  const wholeChain = ['/app/lib/four.jar', '/app/lib/one.jar', '/app/lib/sub/3.jar', '/app/lib/two.jar'];
  const classes = ['/app/classes/a/Main.class', '/app/classes/messages.properties'];
  const cases: readonly (readonly [readonly string[], readonly string[], Record<string, string>?])[] = [
    [
      ['-cp', 'classes:lib/one.jar', 'a.Main'],
      [...classes, ...wholeChain],
    ],
    [['--class-path=classes:/nowhere.jar', 'a.Main'], classes],
    [['-cp', 'lib/*', 'a.Main'], wholeChain],
    [['@args'], [...classes, ...wholeChain]],
    [['a.Main'], classes, { CLASSPATH: '/app/classes' }],
    [
      ['a.Main'],
      ['/app/agent.jar', ...classes],
      { CLASSPATH: 'classes', JAVA_TOOL_OPTIONS: '-javaagent:agent.jar=x=y' },
    ],
    [
      ['-p', 'lib/sub:classes', '-m', 'a/a.Main'],
      [...classes, '/app/lib/sub/3.jar'],
    ],
    [
      ['-jar', '/opt/tool/app.jar', '-cp', 'lib/*'],
      ['/opt/tool/app.jar', '/opt/tool/plugins/extra.dat'],
    ],
    [
      ['-cp', 'classes', '-Djavax.net.ssl.trustStore=/opt/trust.jks', '-Djava.library.path=/opt/native', 'a.Main'],
      [...classes, '/opt/native/libfast.so', '/opt/trust.jks'],
    ],
  ];
  for (const [args, expected, env = {}] of cases)
    it(`of java ${args.join(' ')}`, async () => {
      const { paths, warnings } = await kept(files, ['java', ...args], { env });
      expect(paths).toEqual([...expected].sort());
      expect(warnings).toEqual([]);
    });

  it('may hold native code, which needs what the system has', async () => {
    const native = buildElf({ needed: ['libstdc++.so.6'] });
    const { has } = await kept({ '/app/app.jar': jar({ 'native/linux/libx.so': native }) }, [
      'java',
      '-jar',
      'app.jar',
    ]);
    expect(has('/usr/lib/x86_64-linux-gnu/libstdc++.so.6')).toBe(true);
  });

  it('that has no archive where one is named is told about', async () => {
    expect((await kept({}, ['java', '-jar', 'missing.jar'])).warnings).toEqual(['java-missing']);
  });

  it('does not bring a folder that many share', async () => {
    const shared = { '/opt/app.jar': jar({}), '/opt/other/data': 'x' };
    expect((await kept(shared, ['java', '-jar', '/opt/app.jar'])).paths).toEqual(['/opt/app.jar']);
  });
});

it('splits argument files as the launcher does', () => {
  expect(splitArguments('-a "b c" \'d\\\\e\'  # note\n# more\nf"g"h ""')).toEqual(['-a', 'b c', 'd\\e', 'fgh', '']);
});

it('joins the lines of a manifest', () => {
  const attributes = attributesOf('A: 1\r\nClass-Path: a.jar b.\r\n jar\r\n\r\nName: x\r\nA: 2\r\n');
  expect(Object.fromEntries(attributes)).toEqual({ a: '1', 'class-path': 'a.jar b.jar' });
});
