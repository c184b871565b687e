import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AttachedDocument } from '../../src/attest/attach.ts';
import { sha256 } from '../../src/base/digest.ts';
import type { BuildResult } from '../../src/build/types.ts';
import type { DockerfileResult } from '../../src/build/dockerfile/types.ts';
import type { StoredImage } from '../../src/ship/store.ts';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { startTareRegistry, type RunningRegistry } from '../helpers/registry.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';
import { scratchFolder } from '../helpers/watched-cli.ts';
import { complaintsOf, inTotoLibrary } from './in-toto.ts';

const SPDX = 'application/spdx+json';
const CYCLONEDX = 'application/vnd.cyclonedx+json';
const IN_TOTO = 'application/vnd.in-toto+json';
const MINUTES = 60_000; // ms

interface Dependency {
  readonly name: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}
interface Statement {
  readonly subject: readonly { name: string; digest: { sha256: string } }[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: Readonly<Record<string, unknown>>;
      readonly resolvedDependencies: readonly Dependency[];
    };
    readonly runDetails: { readonly byproducts?: readonly Dependency[] };
  };
}

describe('what is put beside an image', () => {
  const scratch = scratchFolder();
  const file = (name: string): string => join(scratch, name);
  const home = file('home');
  let registry: RunningRegistry;
  let server: Server;
  let download: string;
  const blob = (digest: string, dir = home): string => readFileSync(join(dir, 'blobs', ...digest.split(':')), 'utf8');
  const statementOf = ({ attached }: { readonly attached: readonly AttachedDocument[] }, dir = home): Statement => {
    const found = attached.find(({ artifactType }) => artifactType === IN_TOTO);
    const statement = JSON.parse(blob(found?.document.digest ?? '', dir)) as Statement;
    const library = inTotoLibrary();
    if (library !== undefined) expect(complaintsOf(library, statement)).toBe('');
    return statement;
  };
  const types = ({ attached }: { readonly attached: readonly AttachedDocument[] }): readonly string[] =>
    attached.map(({ artifactType }) => artifactType);
  const dependencies = ({ predicate }: Statement): readonly string[] =>
    predicate.buildDefinition.resolvedDependencies.map(({ name }) => name);
  const referrers = async (repository: string, digest: string) => {
    const answer = await fetch(`${registry.url}/v2/${repository}/referrers/${digest}`);
    return (await answer.json()) as { manifests: readonly { artifactType: string; platform?: unknown }[] };
  };
  const listed = async (repository: string, digest: string): Promise<readonly string[]> =>
    (await referrers(repository, digest)).manifests.map((item) => item.artifactType).sort();
  const makeApp = (dir: string): string => {
    mkdirSync(dir, { recursive: true });
    copyFileSync('/bin/true', join(dir, 'program'));
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    writeFileSync(join(dir, 'tare.yaml'), 'env: {API_TOKEN: hunter2, MODE: fast}\n');
    return dir;
  };

  beforeAll(async () => {
    cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
    registry = await startTareRegistry({ storage: file('registry') });
    server = createServer((_request, response) => response.end('downloaded'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    download = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.txt`;
  }, 2 * MINUTES);
  afterAll(async () => {
    await registry.stop();
    server.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('of a folder is the same on another machine, in another folder, and when nothing has changed', async () => {
    const flags = ['--no-verify', '-n', 'app', '--sbom', '--sbom=cyclonedx', '--provenance'];
    const built = async (dir: string, where: string) =>
      tareJson<BuildResult>(['build', ...flags, makeApp(dir)], { home: where });
    const first = await built(file('app'), home);
    expectShape('build', first);
    expect(types(first)).toEqual([SPDX, CYCLONEDX, IN_TOTO]);
    const other = tempDir();
    const second = await built(join(other, 'elsewhere', 'app'), join(other, 'home'));
    expect([second.digest, second.attached]).toEqual([first.digest, first.attached]);
    const again = await tareJson<BuildResult>(['build', ...flags, file('app')], { home });
    expect(again.attached).toEqual(first.attached);

    const statement = statementOf(first);
    expect(statement.subject).toEqual([{ name: 'app', digest: { sha256: first.digest.slice(7) } }]);
    expect(dependencies(statement)).toEqual(['application', 'host', 'package-lock.json', 'tare.yaml']);
    const { buildType, externalParameters } = statement.predicate.buildDefinition;
    expect(buildType).toBe('https://tare.dev/provenance/folder/v1');
    expect(externalParameters).toMatchObject({ from: 'host', env: { API_TOKEN: '***', MODE: 'fast' } });
    expect(JSON.stringify(statement)).not.toContain(scratch);
    writeFileSync(join(other, 'elsewhere', 'app', 'package-lock.json'), '{"changed":1}');
    const third = await tareJson<BuildResult>(['build', ...flags, join(other, 'elsewhere', 'app')], {
      home: join(other, 'home'),
    });
    expect(statementOf(third, join(other, 'home'))).not.toEqual(statement);
  });

  it('is no image in the list, stays as long as its image, and goes with it', async () => {
    const dir = join(tempDir(), 'home');
    const built = await tareJson<BuildResult>(['build', makeApp(file('short')), '--no-verify', '-n', 's', '--sbom'], {
      home: dir,
    });
    const names = async (): Promise<readonly string[]> =>
      (await tareJson<readonly StoredImage[]>(['images'], { home: dir })).map(({ reference }) => reference);
    expect(await names()).toEqual(['s:latest']);
    await tareJson(['prune'], { home: dir });
    expect(JSON.parse(blob(built.attached[0]?.document.digest ?? '', dir))).toHaveProperty('spdxVersion', 'SPDX-2.3');
    await tareJson(['tag', 's', 't'], { home: dir });
    await tareJson(['rm', 's'], { home: dir });
    await tareJson(['prune'], { home: dir });
    expect(await names()).toEqual(['t:latest']);
    await tareJson(['rm', 't'], { home: dir });
    await tareJson(['prune'], { home: dir });
    expect(await names()).toEqual([]);
    expect(() => blob(built.digest, dir)).toThrow();
  });

  it('goes to all places that have room for it, and on from there', async () => {
    const flags = ['--no-verify', '-n', 'far', '--sbom', '--provenance'];
    const targets = [
      `oci:${file('layout')}:far`,
      `docker://${registry.host}/far:1`,
      `docker-archive:${file('far.tar')}`,
    ];
    const answer = await tare(
      ['build', makeApp(file('far')), ...flags, ...targets.flatMap((target) => ['-o', target]), '--json'],
      { home },
    );
    expect(answer.stderr).toMatch(/docker-archive:\S+ has no place for what refers to an image/);
    const { digest } = JSON.parse(answer.stdout) as BuildResult;
    const types = [SPDX, IN_TOTO, 'application/vnd.tare.evidence.v1+json'].sort();
    expect(await listed('far', digest)).toEqual(types);
    for (const source of ['far', `oci:${file('layout')}:far`]) {
      const repository = `on-${source.length}`;
      await tareJson(['copy', '--referrers', source, `docker://${registry.host}/${repository}:1`], { home });
      expect(await listed(repository, digest)).toEqual(types);
    }
    await tareJson(['push', '--referrers', 'far', `${registry.host}/pushed:1`], { home });
    const { manifests } = await referrers('pushed', digest);
    expect(manifests.map((item) => item.artifactType).sort()).toEqual(types);
    // Nothing of it is taken for an image of some platform.
    expect(manifests.some((item) => item.platform !== undefined)).toBe(false);
    const head = await fetch(`${registry.url}/v2/pushed/manifests/1`);
    expect(head.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
  });

  it('of a Dockerfile names base images, downloads, and what was copied', { timeout: 3 * MINUTES }, async () => {
    const dir = file('context');
    mkdirSync(join(dir, 'sub'), { recursive: true });
    for (const [name, text] of [
      ['sub/one', '1'],
      ['sub/package-lock.json', '{}'],
      ['unused', 'x'],
      [
        'Dockerfile',
        `FROM node-status AS base\nFROM scratch\nARG VERSION\nARG TOKEN\nCOPY --from=base /etc /etc\nCOPY sub /sub\nADD ${download} /d\n`,
      ],
    ] as const)
      writeFileSync(join(dir, name), text);
    const args = [
      'build',
      '-f',
      join(dir, 'Dockerfile'),
      dir,
      '-t',
      'made',
      '-t',
      'made:too',
      '--provenance',
      '--sbom=cyclonedx',
    ];
    args.push(
      '--build-arg',
      'VERSION=1',
      '--build-arg',
      'TOKEN=hunter2',
      '--secret',
      `id=key,src=${join(dir, 'unused')}`,
    );
    const built = await tareJson<DockerfileResult>(args, { home });
    expect(types(built)).toEqual([CYCLONEDX, IN_TOTO]);
    const statement = statementOf(built);
    const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
    expect(externalParameters).toMatchObject({
      dockerfile: 'Dockerfile',
      buildArgs: { VERSION: '1', TOKEN: '***' },
      secrets: ['key'],
    });
    const status = (await tareJson<readonly StoredImage[]>(['images'], { home })).find(
      ({ reference }) => reference === 'node-status:latest',
    );
    const hexOf = (text: string): string => sha256(text).slice(7);
    expect(resolvedDependencies).toEqual([
      {
        name: 'base',
        uri: expect.stringMatching(/^pkg:oci\/node-status@sha256/) as string,
        digest: { sha256: status?.digest.slice(7) },
      },
      {
        name: 'context',
        digest: { dirHash: hexOf(`${hexOf('1')}  sub/one\n${hexOf('{}')}  sub/package-lock.json\n`) },
      },
      { name: 'context/sub/package-lock.json', digest: { sha256: hexOf('{}') } },
      { name: 'dockerfile', digest: { sha256: hexOf(readFileSync(join(dir, 'Dockerfile'), 'utf8')) } },
      { name: 'download', uri: download, digest: { sha256: hexOf('downloaded') } },
    ]);
    // With every step in the cache, and from another folder.
    writeFileSync(join(dir, 'unused'), 'y');
    expect((await tareJson<DockerfileResult>(args, { home })).attached).toEqual(built.attached);
    const pushed = `${registry.host}/made:1`;
    await tareJson(['push', '--referrers', 'made:too', pushed], { home });
    expect(await listed('made', built.digest)).toEqual([CYCLONEDX, IN_TOTO].sort());
  });

  it('of a shrunk image names its original', { timeout: 3 * MINUTES }, async () => {
    const flags = ['--static', '--no-verify', '--sbom', '--provenance'];
    const result = await tareJson<ShrinkResult>(['shrink', 'node-status', ...flags], { home });
    expectShape('shrink', result);
    expect(types(result)).toEqual([SPDX, IN_TOTO]);
    const { predicate } = statementOf(result);
    expect(predicate.buildDefinition).toMatchObject({
      buildType: 'https://tare.dev/provenance/shrink/v1',
      externalParameters: { image: 'node-status', tightness: 'reachable', static: true },
      resolvedDependencies: [{ name: 'original', digest: { sha256: result.original.digest.slice(7) } }],
    });
    expect(predicate.runDetails.byproducts?.map(({ name }) => name)).toEqual(['evidence']);
  });

  it('of a Dockerfile that is shrunk goes back to the Dockerfile', { timeout: 3 * MINUTES }, async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'Dockerfile'), 'FROM node-status\nCOPY Dockerfile /unused\n');
    const { shrunk } = await tareJson<{ shrunk: ShrinkResult }>(
      [
        'build',
        '-f',
        join(dir, 'Dockerfile'),
        dir,
        '-t',
        'both',
        '--shrink',
        '--static',
        '--no-verify',
        '--provenance',
      ],
      { home },
    );
    const { predicate } = statementOf(shrunk);
    expect(predicate.buildDefinition.buildType).toBe('https://tare.dev/provenance/dockerfile/v1');
    expect(predicate.buildDefinition.externalParameters['shrink']).toMatchObject({ tightness: 'reachable' });
    expect(predicate.buildDefinition.resolvedDependencies.map(({ name }) => name)).toEqual([
      'base',
      'context',
      'dockerfile',
    ]);
    expect(predicate.runDetails.byproducts?.map(({ name }) => name)).toEqual(['evidence', 'original']);
  });

  it('can be put there later, wherever the image is', async () => {
    const dir = tempDir();
    const targets = ['later', `oci:${join(dir, 'l')}:app`, `docker://${registry.host}/later:1`];
    for (const target of targets) {
      await tareJson(['copy', 'node-status', target], { home });
      const told = await tareJson<AttachedDocument>(['sbom', target, '--attach', '--format', 'cyclonedx'], { home });
      expect(told.artifactType).toBe(CYCLONEDX);
    }
    const { digest } = await tareJson<{ digest: string }>(['inspect', 'later'], { home });
    expect(await listed('later', digest)).toContain(CYCLONEDX);
    const archive = `docker-archive:${join(dir, 'x.tar')}`;
    await tareJson(['copy', 'node-status', archive], { home });
    expect(await tare(['sbom', archive, '--attach'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/E_TRANSPORT|no place/) as string,
    });
    expect((await tare(['sbom', 'later', '--attach', '-o', join(dir, 'f')], { home })).code).toBe(2);
  });

  it.each([
    ['--sbom=nonsense', /--sbom=nonsense: allowed are spdx and cyclonedx/],
    ['--sbom=', /--sbom=: allowed/],
  ])('refuses %s', async (flag, said) => {
    const answer = await tare(['build', makeApp(file('refused')), '--no-verify', flag], { home });
    expect([answer.code, said.test(answer.stderr)], answer.stderr).toEqual([2, true]);
  });
});
