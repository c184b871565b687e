import { describe, expect, it } from 'vitest';
import type { ByteString } from '../../../src/base/path.ts';
import { encodeProfile, type Profile, profileOf } from '../../../src/evidence/observed/index.ts';
import type { ObservedPath, Probe } from '../../../src/sandbox/types.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { asked } from './profiles.ts';

const FILES: Readonly<Record<string, MemoryFile>> = {
  '/usr/bin/python3.11': 'elf',
  '/usr/bin/python3': { link: 'python3.11' },
  '/usr/lib/libc.so.6': 'elf',
  '/lib': { link: 'usr/lib' },
  '/bin': { link: '/usr/bin' },
  '/app/main.py': 'x',
  '/app/current': { link: 'releases/1' },
  '/app/releases/1/data.txt': 'x',
  '/app/log': { link: '/var/log/app.log' },
  '/var/log/old.log': 'x',
  '/var/run': { link: '/run' },
  '/run/lock': 'x',
  '/etc/hosts': '',
  '/dev/null': 'x',
  '/proc/version': 'x',
  '/opt/caf\u00e9': 'x',
};

function record(paths: readonly ObservedPath[], probes?: readonly Probe[], files = FILES): Profile {
  const { tree } = memoryTree(files);
  const given = probes === undefined ? {} : { probes };
  return profileOf({ observation: { paths, ports: [] }, tree, platform: 'linux/amd64', ...given });
}

const rows = (paths: readonly ObservedPath[]): string[] =>
  record(paths).paths.map(({ how, path }) => `${path} ${how.join(' ')}`);

describe('the paths of a profile', () => {
  it.each<[what: string, asked: ObservedPath, rows: string[]]>([
    ['a file', asked('/app/main.py', ['stat', 'open']), ['/app/main.py open stat']],
    ['a link, which is not followed', asked('/usr/bin/python3', ['exec']), ['/usr/bin/python3 exec']],
    ['a link on the way', asked('/lib/libc.so.6', ['open']), ['/lib readlink', '/usr/lib/libc.so.6 open']],
    [
      'a link in the middle',
      asked('/app/current/data.txt', ['open']),
      ['/app/current readlink', '/app/releases/1/data.txt open'],
    ],
    ["'..' after a folder", asked('/app/releases/../main.py', ['open']), ['/app/main.py open', '/app/releases stat']],
    [
      "'..' after a link leads to the parent of its target",
      asked('/app/current/../1/data.txt', ['open']),
      ['/app/current readlink', '/app/releases/1 stat', '/app/releases/1/data.txt open'],
    ],
    ["'..' at the root", asked('/../app/main.py', ['open']), ['/app/main.py open']],
    ["'..' after what is not there", asked('/missing/../app/main.py', ['open']), []],
    ["'..' after a file", asked('/app/main.py/../main.py', ['open']), []],
    ['what the image lacks', asked('/app/secret-of-the-host', ['open']), []],
    ['a path through a file', asked('/app/main.py/x', ['stat']), []],
    ['a path through a link that leads nowhere', asked('/app/log/x', ['stat']), []],
    ['a file that is written anew', asked('/var/log/new.log', ['write']), ['/var/log write']],
    ['… in a folder behind a link', asked('/var/run/app.pid', ['write']), ['/run write', '/var/run readlink']],
    ['… in a folder that is made as well', asked('/var/log/made/new.log', ['write']), []],
    ['… behind a link that leads nowhere', asked('/app/log', ['write']), ['/app/log write', '/var/log write']],
    ['a file that is written and there', asked('/var/log/old.log', ['write']), ['/var/log/old.log write']],
    ['a file that is removed', asked('/run/lock', ['remove']), ['/run/lock remove']],
    ['a file that is not there and removed', asked('/run/other', ['remove']), []],
    ['the kernel’s own', asked('/proc/version', ['open']), []],
    ['the kernel’s own, by a detour', asked('/app/../dev/null', ['open', 'write']), ['/app stat']],
    ['what engines lay over, when the image has it', asked('/etc/hosts', ['open']), ['/etc/hosts open']],
    ['… and when it has not', asked('/etc/resolv.conf', ['open']), []],
    ['the root', asked('/', ['stat', 'chdir']), []],
    ['the root, listed', asked('/', ['list']), ['/ list']],
    ['bytes', asked('/opt/caf\xc3\xa9', ['open']), ['/opt/caf\xc3\xa9 open']],
    ['text that the kernel refuses', asked(`/${'x/'.repeat(3000)}`, ['write']), []],
    ['a NUL', asked('/app\0/main.py', ['open']), []],
  ])('%s', (_what, path, expected) => {
    expect(rows([path])).toEqual(expected);
  });

  it('are joined when two names lead to one', () => {
    const profile = record([
      asked('/lib/libc.so.6', ['open'], { by: ['/usr/bin/python3.11'], phase: 'log x' }),
      asked('/usr/lib/libc.so.6', ['stat'], { by: ['/bin/python3'] }),
    ]);
    expect(profile.paths).toEqual([
      { path: '/lib', how: ['readlink'], by: ['/usr/bin/python3.11'], phases: ['log'] },
      { path: '/usr/lib/libc.so.6', how: ['open', 'stat'], by: ['/usr/bin/python3.11'], phases: ['start'] },
    ]);
  });

  it('do not depend on the order of the observation', () => {
    const paths = ['/lib/libc.so.6', '/app/main.py', '/app/current/../1/data.txt', '/usr/lib/libc.so.6'].map(
      (path, at) => asked(path, ['open'], { phase: `tcp ${at}`, by: [['/bin/python3'], []][at % 2] as ByteString[] }),
    );
    expect(encodeProfile(record(paths.toReversed()))).toEqual(encodeProfile(record(paths)));
  });

  it('name only executables of the image', () => {
    const by = ['/usr/bin/python3', '/home/dev/.local/bin/crun', '/usr/bin/gone (deleted)', '/app', 'memfd:x', ''];
    expect(record([asked('/app/main.py', ['open'], { by })]).paths[0]?.by).toEqual(['/usr/bin/python3.11']);
  });

  it('come with ports and system calls in order', () => {
    const { tree } = memoryTree(FILES);
    const observation = { paths: [], ports: [8080, 80, 8080], syscalls: ['write', 'read', 'read'] };
    expect(profileOf({ observation, tree, platform: 'linux/arm64' })).toEqual({
      platforms: ['linux/arm64'],
      paths: [],
      ports: [80, 8080],
      syscalls: ['read', 'write'],
    });
  });
});

describe('phases', () => {
  const phasesOf = (phase: string, probes?: readonly Probe[]): readonly string[] | undefined =>
    record([asked('/app/main.py', ['open'], { phase })], probes).paths[0]?.phases;

  it.each([
    ['start', 'start'],
    ['http GET 8080/', 'http GET 8080/'],
    ['http GET 8080/resize?w=32&token=x', 'http GET 8080/resize?…'],
    ['http GET 8080/x#token', 'http GET 8080/x?…'],
    ['tcp 5432', 'tcp 5432'],
    ['command PASSWORD=x /usr/bin/psql --password y', 'command psql'],
    ['command  ', 'command …'],
    ['exec sh -c "curl -u me:secret x"', 'exec sh'],
    ['run npm test -- --token=x', 'run npm'],
    ['log "the secret is x"', 'log'],
    ['/usr/bin/psql postgres://me:secret@host', 'exec psql'],
    ['TOKEN=x', 'exec …'],
    ['two\nlines', 'exec two'],
    ['\u001b[2J', 'exec [2J'],
    ['', 'exec …'],
  ])('%j becomes %j', (phase, name) => {
    expect(phasesOf(phase)).toEqual([name]);
  });

  it('are known from the probes where these are given', () => {
    const probes: Probe[] = [
      { command: { argv: ['/opt/my tool/run', '--key', 'secret'] } },
      { command: { argv: ['sh', '-c', 'one'] } },
      { command: { argv: ['/bin/sh', '-c', 'two'] } },
      { name: 'command line works', command: { argv: ['x', 'secret'] } },
      { http: { port: 80, path: '/?token=x' } },
      { name: 'http GET 80/?secret', http: { port: 80, path: '/?secret', status: 200 } },
      { name: 'command cat /secret', command: { argv: ['cat', '/secret'] } },
    ];
    expect(phasesOf('command /opt/my tool/run --key secret', probes)).toEqual(['command run']);
    expect(phasesOf('command sh -c one', probes)).toEqual(['command sh']);
    expect(phasesOf('command /bin/sh -c two', probes)).toEqual(['command sh #2']);
    expect(phasesOf('command line works', probes)).toEqual(['command line works']);
    expect(phasesOf('http GET 80/?token=x', probes)).toEqual(['http GET 80/?…']);
    expect(phasesOf('http GET 80/?secret', probes)).toEqual(['http GET 80/?…']);
    expect(phasesOf('command cat /secret', probes)).toEqual(['command cat']);
  });

  it.each([
    ['after login: https://me:secret@host/x?code=1 works?', 'after login: https://host/x?… works?'],
    ['what happens?', 'what happens?'],
    ['two\nlines\u001b[2J', 'two lines [2J'],
    ['x'.repeat(600), `${'x'.repeat(511)}…`],
    ['\n', '…'],
  ])('%j, the name that a user gave, becomes %j', (name, expected) => {
    expect(phasesOf(name, [{ name, tcp: { port: 1 } }])).toEqual([expected]);
  });

  it('are the first of one run, in the order of the probes', () => {
    const probes: Probe[] = [{ tcp: { port: 9 } }, { tcp: { port: 1 } }];
    const paths = [
      asked('/lib/libc.so.6', ['open'], { phase: 'tcp 1' }),
      asked('/usr/lib/libc.so.6', ['open'], { phase: 'tcp 9' }),
    ];
    expect(record(paths, probes).paths.at(-1)?.phases).toEqual(['tcp 9']);
    expect(record(paths).paths.at(-1)?.phases).toEqual(['tcp 1']);
  });
});
