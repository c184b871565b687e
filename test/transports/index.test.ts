import { describe, expect, it } from 'vitest';
import { hexOf } from '../../src/base/digest.ts';
import { openImage, TRANSPORTS, writeImage } from '../../src/transports/index.ts';
import { unknownTransport } from '../../src/transports/route.ts';
import { splitPathReference } from '../../src/transports/split-reference.ts';
import { failure, NAME, readAll, sample } from './sample.ts';

describe('unknownTransport', () => {
  it.each([
    ['dir://node', 'dir://'],
    ['https://x/y', 'https://'],
    ['dir:/tmp/x', 'dir:'],
    ['dir:./x', 'dir:'],
    ['dir:x/y', 'dir:'],
    ['xyz:', 'xyz:'],
    ['containers-storage:node', 'containers-storage:'],
    ['C:\\images\\x', 'C:'],
    ['node', undefined],
    ['node:20', undefined],
    ['docker:dind', undefined],
    ['localhost:5000/x', undefined],
    ['my.host:5000/x:y', undefined],
    [`sha256:${'0'.repeat(64)}`, undefined],
    ['sha256:0123456', undefined],
    [`node:20@sha256:${'0'.repeat(64)}`, undefined],
    [`node@sha256:${'0'.repeat(64)}`, undefined],
  ])('%s: %s', (text, expected) => {
    expect(unknownTransport(text)).toBe(expected);
  });
});

describe('splitPathReference', () => {
  it.each([
    ['dir', 'dir', undefined],
    ['dir:a', 'dir', 'a'],
    ['/a/b.tar:host:5000/name:tag', '/a/b.tar', 'host:5000/name:tag'],
    ['C:\\x\\y:a', 'C:\\x\\y', 'a'],
    ['C:/x', 'C:/x', undefined],
  ])('%s', (rest, path, name) => {
    expect(splitPathReference('oci', rest)).toEqual({ path, name });
  });
  it.each(['', ':a', 'a:', 'a\nb', 'a:\0'])('refuses %j', (rest) => {
    expect(() => splitPathReference('oci', rest)).toThrow(expect.objectContaining({ code: 'E_REFERENCE' }));
  });
});

describe('openImage and writeImage', () => {
  it('know the transports of the table, and say so for others', async () => {
    const { tools } = await sample();
    const image = await openImage(NAME, tools);
    for (const text of ['dir://node', 'xyz:/a']) {
      for (const error of [await failure(openImage(text, tools)), await failure(writeImage(image, text, tools))]) {
        expect(error.code).toBe('E_TRANSPORT');
        for (const { name } of TRANSPORTS.slice(1)) expect(error.message).toContain(`${name}:`);
      }
    }
    for (const line of TRANSPORTS) {
      // What holds no index is what other programs unpack images for.
      const graph = line.name.startsWith('docker-') ? [] : ['graph'];
      expect(Object.keys(await line.load()).sort()).toEqual([...graph, 'identity', 'open', 'write']);
    }
  });

  it('find an image of the store by name, digest and prefix', async () => {
    const { evidence, made, tools } = await sample();
    const { digest } = made.descriptor;
    for (const text of ['sample:1', `sample@${digest}`, digest, hexOf(digest).slice(0, 12)]) {
      const image = await openImage(text, tools);
      expect(image.reference).toBe(NAME);
      expect(image.descriptor).toEqual(made.descriptor);
      expect(image.evidence).toEqual(evidence);
      expect(image.manifest).toEqual(made.manifest);
      expect(image.config).toEqual(made.config);
    }
    await readAll(await openImage(NAME, tools));
    expect(await failure(openImage('missing', tools))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    for (const path of ['./x', '/tmp/x', '../x'])
      expect(await failure(openImage(path, tools))).toMatchObject({ code: 'E_REFERENCE' });
    expect(await failure(openImage('Upper', tools))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });

  it('name an image of the store', async () => {
    const { made, store, tools } = await sample();
    const image = await openImage(NAME, tools);
    expect(await writeImage(image, 'other', tools)).toEqual({
      reference: 'other:latest',
      digest: made.descriptor.digest,
      bytes: 0,
      blobs: 0,
      reused: 5,
    });
    expect(await store.find('other:latest')).toMatchObject({ evidence: image.evidence });
    for (const name of ['UPPER', `x@${made.descriptor.digest}`, made.descriptor.digest])
      expect(await failure(writeImage(image, name, tools))).toMatchObject({ code: 'E_REFERENCE' });
  });

  it('refuse a platform that the image is not of', async () => {
    const { tools } = await sample();
    expect((await openImage(NAME, { ...tools, platform: 'linux/amd64' })).reference).toBe(NAME);
    expect((await openImage(NAME, { ...tools, platform: 'x86_64' })).reference).toBe(NAME);
    for (const platform of ['linux/arm64', 'nonsense/with/four/parts'])
      expect(await failure(openImage(NAME, { ...tools, platform }))).toMatchObject({ code: 'E_PLATFORM' });
  });
});
