import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maskedProbes, maskedValues, maskedWords, present } from '../../src/attest/provenance/parameters.ts';
import {
  filesResource,
  hashedFiles,
  imageResource,
  isLockFile,
  shownReference,
} from '../../src/attest/provenance/resources.ts';
import { provenanceArtifact, provenanceStatement } from '../../src/attest/provenance/statement.ts';
import type { BuildFacts } from '../../src/attest/provenance/types.ts';
import { sha256 } from '../../src/base/digest.ts';
import { bytesOfText, type TreePath } from '../../src/base/path.ts';
import { contentReader } from '../../src/tree/content.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { complaintsOf, inTotoLibrary } from './in-toto.ts';

const digest = sha256('image');
const hex = digest.slice('sha256:'.length);

describe('a provenance', () => {
  const facts: BuildFacts = {
    type: 'shrink',
    parameters: { image: 'node', tightness: 'used', nested: { list: [1, true, null] } },
    dependencies: [
      imageResource('original', { reference: 'node:20', digest }),
      { name: 'a', digest: { sha256: hex } },
      { name: 'a', digest: { sha256: hex } },
    ],
    byproducts: [{ name: 'evidence', digest: { sha256: hex } }],
  };

  it.each([facts, { type: 'folder', parameters: {}, dependencies: [] } satisfies BuildFacts])(
    "of type $type is what in-toto's own types are",
    (given) => {
      const statement = provenanceStatement({ name: 'app', digest }, given);
      const library = inTotoLibrary();
      if (library !== undefined) {
        expect(complaintsOf(library, statement)).toBe('');
        expect(complaintsOf(library, { ...statement, more: 1 })).toMatch(/more/);
      }
      // SLSA v1.0, "Provenance" schema: what is required.
      expect(statement).toMatchObject({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: hex } }],
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: {
          buildDefinition: { buildType: `https://tare.dev/provenance/${given.type}/v1` },
          runDetails: { builder: { id: expect.stringMatching(/^https:/) as string } },
        },
      });
    },
  );

  it('knows no clock: each dependency is there once, in one order', () => {
    const [first, second] = [facts, { ...facts, dependencies: facts.dependencies.toReversed() }].map((item) =>
      Buffer.from(provenanceArtifact({ name: 'app', digest }, item).bytes).toString('utf8'),
    );
    expect(first).toBe(second);
    expect(first?.match(/"name":"a"/g)).toHaveLength(1);
    expect(first).not.toMatch(/startedOn|finishedOn|invocationId|metadata/);
  });
});

describe('a base image', () => {
  it.each([
    ['node:20', `pkg:oci/node@sha256%3A${hex}?tag=20`],
    ['docker://docker.io/library/node:20', `pkg:oci/node@sha256%3A${hex}?repository_url=docker.io/library/node&tag=20`],
    [`localhost:5000/team/app@${digest}`, `pkg:oci/app@sha256%3A${hex}?repository_url=localhost%3A5000/team/app`],
    ['oci:/home/me/layout:app:1', `pkg:oci/app@sha256%3A${hex}?tag=1`],
    ['docker-archive:/home/me/x.tar', `pkg:oci/image@sha256%3A${hex}`],
    [digest, `pkg:oci/image@sha256%3A${hex}`],
  ])('%s has a package URL without a path of this machine', (reference, uri) => {
    const resource = imageResource('base', { reference, digest });
    expect(decodeURIComponent(resource.uri ?? '')).toBe(decodeURIComponent(uri));
    expect(resource.digest).toEqual({ sha256: hex });
  });

  it.each([
    ['host', 'host'],
    ['node:20', 'node:20'],
    ['docker://a.example/b:1', 'docker://a.example/b:1'],
    ['oci:/home/me/layout:app', 'oci:app'],
    ['oci-archive:/home/me/x.tar', 'oci-archive:'],
  ])('%s is shown as %s', (reference, shown) => {
    expect(shownReference(reference)).toBe(shown);
  });
});

describe('files', () => {
  it.skipIf(!needs('find', 'sort', 'sha256sum', 'xargs'))(
    'have the digest that in-toto computes with a shell',
    async () => {
      const dir = tempDir();
      const names = ['b', 'a/c', 'a.b', 'ä', 'a/d/e'];
      for (const name of names) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), name);
      }
      const command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '";
      const expected = execFileSync('sh', ['-c', command], { cwd: dir, encoding: 'utf8' }).trim();
      const content = contentReader({ layerTar: () => Promise.reject(new Error('no layers')) });
      const hashed = await hashedFiles(
        names.map((name) => {
          const path = bytesOfText(name);
          const bytes = Buffer.from(name);
          const entry = { path: `/${path}` as TreePath, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;
          return [path, { ...entry, size: bytes.length, content: { in: 'memory', bytes } }] as const;
        }),
        content,
      );
      expect(filesResource('x', hashed)).toEqual({ name: 'x', digest: { dirHash: expected } });
    },
  );

  it('that pin versions are told from those of packages', () => {
    expect(['package-lock.json', 'a/uv.lock', 'node_modules/x/yarn.lock', 'lock'].map(isLockFile)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('parameters', () => {
  it('have no secrets that can be told by their names, and nothing empty', () => {
    expect(
      maskedValues([
        ['DB_PASSWORD', 'hunter2'],
        ['PORT', '80'],
        ['URL', 'https://me:pw@host/'],
      ]),
    ).toEqual({
      DB_PASSWORD: '***',
      PORT: '80',
      URL: 'https://me:***@host/',
    });
    const whole = { DB_PASSWORD: 'two words', ADMIN_PASSWORD: '$ecret', DJANGO_SECRET_KEY: '/a+b=', API_TOKEN: '{}' };
    expect(new Set(Object.values(maskedValues(Object.entries(whole))))).toEqual(new Set(['***']));
    expect(maskedValues([['TOKEN_FILE', '/run/token']])).toEqual({ TOKEN_FILE: '/run/token' });
    expect(maskedWords(['curl', '--token=abc'])).toEqual(['curl', '--token=***']);
    expect(maskedWords(['redis-cli', '-a', 'abc', '--password', 'def', 'PING'])).toEqual([
      'redis-cli',
      '-a',
      '***',
      '--password',
      '***',
      'PING',
    ]);
    expect(
      maskedProbes([
        {
          http: {
            port: 80,
            path: '/?token=abc',
            requestHeaders: { Authorization: 'Bearer x', Accept: '*/*' },
            requestBody: 'pw',
          },
        },
        { command: { argv: ['login', '--password', 'x'] } },
        { tcp: { port: 1 } },
      ]),
    ).toEqual([
      {
        http: {
          port: 80,
          path: '/?token=***',
          requestHeaders: { Authorization: '***', Accept: '*/*' },
          requestBody: '***',
        },
      },
      { command: { argv: ['login', '--password', '***'] } },
      { tcp: { port: 1 } },
    ]);
    expect(present({ a: undefined, b: [], c: {}, d: '', e: 0, f: null, g: ['x'] })).toEqual({
      d: '',
      e: 0,
      f: null,
      g: ['x'],
    });
  });
});
