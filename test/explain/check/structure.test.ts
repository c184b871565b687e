import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readForeignRules } from '../../../src/explain/check/rule-files.ts';
import type { CheckReport } from '../../../src/explain/check/types.ts';
import type { LayerContent } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { ask, newStore } from './ask.ts';

const LAYERS: readonly LayerContent[] = [
  [
    { path: 'etc/' },
    { path: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\nluke:x:1000:1000::/:/bin/sh\n' },
    { path: 'etc/os-release', type: 'symlink', link: '../usr/lib/os-release' },
    { path: 'usr/lib/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
    { path: 'usr/bin/su', mode: 0o4755, content: 'su' },
    { path: 'tmp/', mode: 0o1777 },
    { path: 'app/run', mode: 0o750, uid: 1000, gid: 2000, content: '#!/bin/sh\n' },
    { path: 'lib', type: 'symlink', link: 'usr/lib' },
    { path: 'dev/null', type: 'char', device: [1, 3], mode: 0o666 },
  ],
];
const CONFIG = {
  config: {
    Env: ['PATH=/bin', 'HOME_DIR=/app', 'TOKEN=secret-value'],
    Labels: { 'build-date': '2026-11-21', vendor: 'ACME' },
    Entrypoint: ['/app/run'],
    Cmd: ['--help'],
    ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/app',
    User: 'luke',
  },
};

async function testsOf(yaml: string): Promise<Awaited<ReturnType<typeof readForeignRules>>> {
  const file = join(tempDir(), 'tests.yaml');
  writeFileSync(file, yaml);
  return readForeignRules(file);
}

const run = async (yaml: string, env = {}): Promise<CheckReport> =>
  ask({}, { layers: LAYERS, config: CONFIG }, { files: [await testsOf(`schemaVersion: 2.0.0\n${yaml}`)], env });

describe('file existence tests', () => {
  it.each([
    ['path: /etc/passwd', true],
    ['path: /nothing', false],
    ['path: /nothing, shouldExist: false', true],
    ['path: /etc/passwd, shouldExist: false', false],
    ['path: /, permissions: drwxr-xr-x', true],
    ['path: /etc/passwd, permissions: -rw-r--r--, uid: 0, gid: 0', true],
    ['path: /etc/passwd, permissions: -rw-------', false],
    ['path: /usr/bin/su, permissions: urwxr-xr-x', true],
    ['path: /tmp, permissions: dtrwxrwxrwx', true],
    ['path: /etc/os-release, permissions: Lrwxrwxrwx', true],
    ['path: /dev/null, permissions: Dcrw-rw-rw-', true],
    ['path: /lib/os-release', true],
    ['path: $HOME_DIR/run', true],
    ['path: "${HOME_DIR}/run", uid: 1000, gid: 2000, isExecutableBy: group', true],
    ['path: /app/run, uid: 0', false],
    ['path: /app/run, gid: 0', false],
    ['path: /app/run, isExecutableBy: other', false],
    ['path: /app/run, isExecutableBy: any', true],
    ['path: /etc/passwd, isExecutableBy: owner', false],
    ['path: /etc/../../../etc/passwd', true],
    ['path: "/etc/pass\\0wd"', false],
  ])('{%s}: %s', async (fields, ok) => {
    const { results } = await run(`fileExistenceTests: [{name: it, ${fields}}]`);
    expect(results).toMatchObject([{ rule: 'structure.file-existence', name: 'it', ok, source: { line: 2 } }]);
  });
});

describe('file content tests', () => {
  it.each([
    ["path: /etc/os-release, expectedContents: ['ID=debian']", true],
    ["path: /etc/os-release, expectedContents: ['(?m)^VERSION_ID=\"\\d+\"$', 'debian']", true],
    ["path: /etc/os-release, expectedContents: ['^debian']", false],
    ["path: /etc/os-release, excludedContents: ['ubuntu']", true],
    ["path: /etc/os-release, excludedContents: ['(?i)DEBIAN']", false],
    ['path: /nothing', false],
    ['path: /etc', false],
  ])('{%s}: %s', async (fields, ok) => {
    const { results } = await run(`fileContentTests: [{name: it, ${fields}}]`);
    expect(results).toMatchObject([{ rule: 'structure.file-content', ok }]);
  });
});

describe('the metadata test', () => {
  it.each([
    ["envVars: [{key: PATH, value: /bin}, {key: HOME_DIR, value: '^/a', isRegex: true}]", ''],
    ['env: [{key: PATH, value: /usr/bin}]', 'PATH has another value'],
    ['envVars: [{key: TOKEN, value: other}]', 'TOKEN has another value'],
    ['envVars: [{key: NONE, value: x}]', 'NONE is not set'],
    ['unboundEnvVars: [{key: NONE}]', ''],
    ['unboundEnvVars: [{key: PATH}]', 'PATH is set'],
    ["labels: [{key: build-date, value: '^\\d{4}-\\d{2}-\\d{2}$', isRegex: true}]", ''],
    ['labels: [{key: vendor, value: Other}]', 'vendor has another value'],
    ['entrypoint: [/app/run], cmd: [--help]', ''],
    ['entrypoint: []', 'the entry point is ["/app/run"], not []'],
    ['cmd: [--other]', 'the command is ["--help"]'],
    ['exposedPorts: ["8080", 53, "8080/tcp"]', ''],
    ['exposedPorts: ["80"]', 'port 80 is not exposed'],
    ['unexposedPorts: ["80"]', ''],
    ['unexposedPorts: ["8080"]', 'port 8080 is exposed'],
    ['volumes: [/data], unmountedVolumes: [/other]', ''],
    ['volumes: [/other], unmountedVolumes: [/data]', '/other is no volume (and 1 more)'],
    ['workdir: /app, user: luke', ''],
    ['workdir: /, user: root', 'the working directory is "/app", not "/" (and 1 more)'],
  ])('{%s}: %j', async (fields, complaint) => {
    const { ok, results } = await run(`metadataTest: {${fields}}`);
    expect(results).toHaveLength(1);
    expect(ok, results[0]?.message).toBe(complaint === '');
    expect(results[0]?.message).toContain(complaint);
    expect(JSON.stringify(results)).not.toContain('secret-value');
  });
});

describe('other parts', () => {
  it('licence tests are skipped, and said to be', async () => {
    const report = await run('licenseTests: [{debian: true}]\nfileExistenceTests: [{name: it, path: /etc}]');
    expect(report).toMatchObject({ ok: true, counts: { passed: 1, failed: 0, skipped: 1 } });
    expect(report.results[1]).toMatchObject({ ok: true, skipped: expect.stringContaining('Google') as string });
  });

  it.each([
    ['schemaVersion: 1.0.0', ':1:'],
    ['schemaVersion: 2.0.0\ncommandTest: []', 'unknown key "commandTest"'],
    ['schemaVersion: 2.0.0\ncommandTests: [{name: a, command: b, shell: c}]', ':2:38'],
    ['schemaVersion: 2.0.0\ncommandTests: [{command: b}]', 'commandTests[0].name'],
    ['schemaVersion: 2.0.0\ncommandTests: {a: 1}', 'expected a list, got a map'],
    ['schemaVersion: 2.0.0\ncommandTests: [{name: a, command: b, setup: [[]]}]', 'setup'],
    ['schemaVersion: 2.0.0\ncommandTests: [{name: a, command: b, exitCode: "1"}]', 'exitCode'],
    ["schemaVersion: 2.0.0\nfileContentTests: [{name: a, path: b, expectedContents: ['(?=x)']}]", 'look-ahead'],
    ["schemaVersion: 2.0.0\nfileContentTests: [{name: a, path: b, excludedContents: ['a{1001}']}]", 'repeat count'],
    ['schemaVersion: 2.0.0\nfileExistenceTests: [{name: a, path: b, isExecutableBy: me}]', 'isExecutableBy'],
    ['schemaVersion: 2.0.0\ncontainerRunOptions: {privileged: true}', 'privileged is not supported'],
    ['schemaVersion: 2.0.0\ncontainerRunOptions: {bindMounts: ["/:/host"]}', 'bindMounts is not supported'],
    [
      'schemaVersion: 2.0.0\na: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
      'alias',
    ],
    [`schemaVersion: 2.0.0\na: ${'['.repeat(300)}${']'.repeat(300)}`, 'nested'],
    ['schemaVersion: 2.0.0\n  bad', ''],
  ])('%j is refused', async (yaml, part) => {
    await expect(testsOf(yaml)).rejects.toMatchObject({
      code: 'E_CHECK',
      message: expect.stringContaining(part) as string,
    });
  });

  it('what is not used of the options may be there', async () => {
    const report = await run(
      'containerRunOptions: {privileged: false, user: root, capabilities: []}\nfileExistenceTests: [{name: it, path: /etc}]',
    );
    expect(report.ok).toBe(true);
  });
});

describe.skipIf(!needs('busybox') || (!needs('crun') && !needs('runc')))('command tests', () => {
  const busybox = readFileSync(execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim());
  const root: LayerContent = [
    { path: 'bin/busybox', mode: 0o755, content: busybox },
    ...['sh', 'cat', 'id', 'pwd', 'env'].map((name) => ({
      path: `bin/${name}`,
      type: 'symlink' as const,
      link: 'busybox',
    })),
    { path: 'tmp/', mode: 0o1777 },
    { path: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\nluke:x:1000:1000::/:/bin/sh\n' },
  ];
  const config = {
    config: {
      Env: ['PATH=/bin', 'BASE=base'],
      Entrypoint: ['/bin/nothing'],
      Cmd: ['never'],
      User: 'luke',
      WorkingDir: '/tmp',
    },
  };

  it('run in the sandbox, each in a container of its own', async () => {
    const yaml = `schemaVersion: "2.0.0"
globalEnvVars: [{key: BOTH, value: "$BASE-global"}]
containerRunOptions: {envVars: [FROM_HOST, NOT_THERE]}
commandTests:
  - {name: output, command: sh, args: [-c, 'echo out; echo err >&2; exit 3'], exitCode: 3, expectedOutput: ['^out\\n$'], expectedError: ['(?i)ERR'], excludedOutput: [err]}
  - {name: variables, command: env, envVars: [{key: OWN, value: "\${BOTH}-own"}], expectedOutput: [BOTH=base-global, OWN=base-global-own, FROM_HOST=h], excludedOutput: [NOT_THERE]}
  - {name: words, command: sh, args: [-c, 'echo $BOTH'], expectedOutput: ['^base-global\\n$']}
  - {name: user and folder, command: sh, args: [-c, 'id -un; pwd'], expectedOutput: ['(?s)^luke.*/tmp']}
  - {name: setup, setup: [[sh, -c, 'echo one > /tmp/x'], [sh, -c, 'echo two >> /tmp/x']], command: cat, args: [/tmp/x], expectedOutput: ['^one\\ntwo\\n$']}
  - {name: alone, command: cat, args: [/tmp/x], exitCode: 1, expectedError: [No such file]}
  - {name: exit code, command: sh, args: [-c, 'echo oops; exit 1']}
  - {name: not there, command: /bin/nowhere}
  - {name: excluded, command: sh, args: [-c, 'echo oops'], excludedOutput: [oops]}
  - {name: after a setup that failed, setup: [[sh, -c, 'echo no >&2; exit 7']], command: cat, args: [/tmp/x]}
`;
    const store = await newStore();
    const report = await ask(
      {},
      { layers: [root], config },
      { files: [await testsOf(yaml)], env: { FROM_HOST: 'h' }, store },
    );
    const results = report.results.map(({ message, name, ok }) => [name, ok, ok ? '' : message]);
    expect(results).toEqual([
      ['output', true, ''],
      ['variables', true, ''],
      ['words', true, ''],
      ['user and folder', true, ''],
      ['setup', true, ''],
      ['alone', true, ''],
      ['exit code', false, 'exit code 1, not 0'],
      ['not there', false, expect.stringContaining('nowhere') as string],
      ['excluded', false, 'stdout: /oops/ is in it'],
      ['after a setup that failed', false, 'exit code 1, not 0'],
    ]);
    expect(report.results[6]?.evidence.at(-1)?.note).toBe('it said: oops');
    expect(report.results[9]?.evidence[1]?.note).toBe('the setup sh -c echo no >&2; exit 7 ended with exit code 7: no');
    expect(readdirSync(join(store.home, 'tare/checks'))).toEqual([]);
  });

  it('run as the user of the options', async () => {
    const yaml =
      'schemaVersion: 2.0.0\ncontainerRunOptions: {user: root}\ncommandTests: [{name: who, command: id, args: [-u], expectedOutput: ["^0\\n$"]}]';
    expect((await ask({}, { layers: [root], config }, { files: [await testsOf(yaml)] })).ok).toBe(true);
  });
});
