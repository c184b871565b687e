import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { generateKeyPairSync } from 'node:crypto';
import { createContext } from '../../../src/base/context.ts';
import { sha256, type Digest } from '../../../src/base/digest.ts';
import { bytesOf as chunks } from '../../../src/base/streams.ts';
import { EMPTY_CONFIG, EMPTY_CONFIG_BYTES } from '../../../src/oci/artifact.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { artifactManifest } from '../../../src/transports/artifacts.ts';
import { openRegistry } from '../../../src/transports/registry/client.ts';
import type { SignedAttestations, VerifiedAttestations } from '../../../src/ship/sign/attestations.ts';
import { attestationOf, openedWith, sealed } from '../../../src/ship/sign/envelope.ts';
import { tare, tareJson } from '../../helpers/cli.ts';
import { startTareRegistry, type RunningRegistry } from '../../helpers/registry.ts';
import { scratchFolder } from '../../helpers/watched-cli.ts';

const COSIGN = fileURLToPath(new URL('../../../.tools/cosign', import.meta.url));
const SLSA = 'https://slsa.dev/provenance/v1';
const MINUTES = 60_000; // ms

describe('an envelope', () => {
  const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x"}');
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

  it.each([
    ['P-256', pair()],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('of a key on %s opens with that key alone', (_name, { privateKey, publicKey }) => {
    const envelope = sealed(statement, privateKey);
    expect(Buffer.from(openedWith(envelope, publicKey) ?? [])).toEqual(statement);
    expect(openedWith(envelope, pair().publicKey)).toBeUndefined();
    const text = Buffer.from(envelope).toString('utf8');
    const forged = text.replace(statement.toString('base64'), Buffer.from('{}').toString('base64'));
    expect(openedWith(Buffer.from(forged), publicKey)).toBeUndefined();
    expect(openedWith(Buffer.from(text.replace('in-toto', 'other')), publicKey)).toBeUndefined();
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"payloadType":"application/vnd.in-toto+json","payload":1,"signatures":{}}',
    '\uD800',
  ])('that is none is not opened: %j', (text) => {
    expect(openedWith(Buffer.from(text), pair().publicKey)).toBeUndefined();
  });

  it.each(['', '{}', '{"_type":"https://in-toto.io/Statement/v1"}', '{"_type":"x","predicateType":"y"}'])(
    'with %j in it is no attestation',
    (text) => {
      expect(() => attestationOf(Buffer.from(text))).toThrow(/no in-toto statement/);
    },
  );

  it('is about what its subjects name', () => {
    const digest = sha256('x');
    const subject = [
      { digest: { sha256: digest.slice(7), md5: 'y' } },
      { digest: null },
      3,
      { digest: { sha256: 'zz' } },
    ];
    const value = { _type: 'https://in-toto.io/Statement/v1', predicateType: SLSA, subject };
    expect(attestationOf(Buffer.from(JSON.stringify(value)))).toEqual({ predicateType: SLSA, subjects: [digest] });
  });
});

describe('signed attestations in a registry', () => {
  let scratch: string;
  let home: string;
  let registry: RunningRegistry;
  let image: string;
  const env = { COSIGN_PASSWORD: 'open sesame' };
  const file = (name: string): string => join(scratch, name);
  const sign = (key: string) =>
    tareJson<SignedAttestations>(['sign', image, '--key', file(key), '--attestation'], { home, env });
  const verify = (key: string) => tare(['verify-signature', image, '--key', file(key), '--attestation'], { home });

  beforeAll(async () => {
    scratch = scratchFolder();
    home = join(scratch, 'home');
    cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
    registry = await startTareRegistry({ storage: file('registry') });
    image = `${registry.host}/team/app:1`;
    mkdirSync(file('context'));
    writeFileSync(file('context/Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    const target = ['-t', 'attested', '-o', `docker://${image}`];
    await tareJson(['build', '-f', file('context/Dockerfile'), file('context'), ...target, '--provenance'], { home });
    for (const name of ['ours', 'theirs']) await tareJson(['sign', '--generate-key', file(name)], { home, env });
  }, 2 * MINUTES);
  afterAll(async () => {
    await registry.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('are made and checked, once for each key', async () => {
    expect(await verify('ours.pub')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it has no attestation/) as string,
    });
    const signed = await sign('ours.key');
    expect(signed).toMatchObject({ tag: `${signed.digest.replace(':', '-')}.att`, attestations: [SLSA] });
    expect((await verify('theirs.pub')).stderr).toMatch(/none of its attestations \(1\) is of this key/);
    await sign('ours.key');
    await sign('theirs.key');
    for (const key of ['ours.pub', 'theirs.pub']) {
      const args = ['verify-signature', image, '--key', file(key), '--attestation'];
      const { attestations, digest } = await tareJson<VerifiedAttestations>(args, { home });
      expect(digest).toBe(signed.digest);
      expect(attestations).toHaveLength(1);
      expect(attestations[0]?.statement).toMatchObject({
        predicateType: SLSA,
        subject: [{ digest: { sha256: digest.slice(7) } }],
      });
    }
    const { layers } = (await (
      await fetch(`${registry.url}/v2/team/app/manifests/${signed.tag}`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      })
    ).json()) as { layers: unknown[] };
    expect(layers).toHaveLength(2);
  });

  it('are not made of a statement that is about another image, too', async () => {
    const mixed = `${registry.host}/team/mixed:1`;
    const { digest } = await tareJson<{ digest: Digest }>(['push', 'node-status', mixed], { home });
    const tools = { ctx: createContext({ onEvent: () => undefined }), env: { HOME: file('nobody') } };
    const client = await openRegistry(registry.host, tools);
    const subject = [{ digest: { sha256: digest.slice(7) } }, { digest: { sha256: 'e'.repeat(64) } }];
    const statement = { _type: 'https://in-toto.io/Statement/v1', predicateType: SLSA, subject };
    const bytes = Buffer.from(JSON.stringify(statement));
    const { mediaType, size } = (await client.headManifest('team/mixed', digest)) ?? { mediaType: '', size: 0 };
    const { content, raw } = artifactManifest(
      { mediaType, size, digest },
      { artifactType: 'application/vnd.in-toto+json', bytes },
    );
    const [layer] = 'layers' in content ? content.layers : [];
    await client.uploadBlob('team/mixed', { descriptor: layer as Descriptor, open: () => chunks(bytes) });
    await client.uploadBlob('team/mixed', { descriptor: EMPTY_CONFIG, open: () => chunks(EMPTY_CONFIG_BYTES) });
    await client.putManifest('team/mixed', sha256(raw), { bytes: raw, mediaType: OCI_MANIFEST });
    expect(await tare(['sign', mixed, '--key', file('ours.key'), '--attestation'], { home, env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is about sha256:e+ as well as/) as string,
    });
  });

  it('are not made of what is not there, or with annotations', async () => {
    const bare = `${registry.host}/team/bare:1`;
    await tareJson(['push', 'node-status', bare], { home });
    expect(await tare(['sign', bare, '--key', file('ours.key'), '--attestation'], { home, env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no statement refers to/) as string,
    });
    const args = ['sign', image, '--key', file('ours.key'), '--attestation', '--annotation', 'a=b'];
    expect((await tare(args, { home, env })).code).toBe(2);
  });

  it.skipIf(!existsSync(COSIGN))('are those of cosign, both ways', { timeout: 2 * MINUTES }, async () => {
    const cosign = (...args: readonly string[]): string =>
      execFileSync(COSIGN, args, { encoding: 'utf8', env: { ...process.env, ...env, HOME: scratch }, stdio: 'pipe' });
    const flags = ['--allow-insecure-registry', '--insecure-ignore-tlog=true', '--type', 'slsaprovenance1'];
    await sign('ours.key');
    expect(cosign('verify-attestation', '--key', file('ours.pub'), ...flags, image)).toContain('"payload"');
    cosign('generate-key-pair', '--output-key-prefix', file('cosign'));
    expect(() => cosign('verify-attestation', '--key', file('cosign.pub'), ...flags, image)).toThrow();
    writeFileSync(file('predicate.json'), '{"said":"by cosign"}');
    const about = ['--predicate', file('predicate.json'), '--type', 'https://example.com/said/v1'];
    cosign(
      'attest',
      '--key',
      file('cosign.key'),
      ...about,
      '--tlog-upload=false',
      '-y',
      '--allow-insecure-registry',
      image,
    );
    const args = ['verify-signature', image, '--key', file('cosign.pub'), '--attestation'];
    const { attestations } = await tareJson<VerifiedAttestations>(args, { home });
    expect(attestations).toMatchObject([
      { predicateType: 'https://example.com/said/v1', statement: { predicate: { said: 'by cosign' } } },
    ]);
    // Ours is still there.
    cosign('verify-attestation', '--key', file('ours.pub'), ...flags, image);
  });
});
