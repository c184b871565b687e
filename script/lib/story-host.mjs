// What package managers inside of steps need of this machine, and the proof that none of it stays in an image.
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { run } from './run.mjs';

const BUNDLES = [process.env.SSL_CERT_FILE, '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/** `{args, env, needles}`: flags of `tare build`, variables for it, and texts that no image may hold. */
export async function hostSettings(work) {
  const bundle = BUNDLES.find((file) => file !== undefined && existsSync(file));
  const pip = pipSettings();
  const pipFile = join(work, 'pip.conf');
  mkdirSync(work, { recursive: true });
  writeFileSync(pipFile, pip, { mode: 0o600 });
  const env = await aptProxies();
  const needles = [
    // The public index stands in pip itself.
    ...pip.split('\n').map((line) => /:\/\/(?!pypi\.org)(\S+)/.exec(line)?.[1]),
    ...Object.entries({ ...process.env, ...env }).flatMap(([key, value]) =>
      /^(https?|ftp|all)_proxy$/i.test(key) ? [value.replace(/^\w+:\/\//, '')] : [],
    ),
    ...(bundle === undefined ? [] : ownCertificates(readFileSync(bundle, 'utf8'))),
    '/dev/host-ca/',
  ];
  return {
    args: [
      ...(bundle === undefined ? [] : ['--host-ca']),
      ...(pip === '' ? [] : ['--secret', `id=pip,src=${pipFile}`]),
    ],
    env,
    needles: needles.filter((needle) => needle !== undefined && needle !== ''),
  };
}

/** Settings of pip that lead to a package index: from its file and from its variables. */
function pipSettings() {
  const file = [process.env.PIP_CONFIG_FILE, join(homedir(), '.config/pip/pip.conf'), '/etc/pip.conf'].find(
    (each) => each !== undefined && existsSync(each),
  );
  const lines = file === undefined ? [] : readFileSync(file, 'utf8').split('\n');
  const kept = lines.filter((line) => /^\s*(index-url|extra-index-url|trusted-host|proxy)\s*=/.test(line));
  for (const key of ['index-url', 'extra-index-url', 'trusted-host', 'proxy']) {
    const value = process.env[`PIP_${key.toUpperCase().replaceAll('-', '_')}`];
    if (value !== undefined && value !== '') kept.push(`${key} = ${value}`);
  }
  return kept.length === 0 ? '' : `[global]\n${kept.join('\n')}\n`;
}

/** Proxies that only apt knows of, as variables: a step is given those. */
async function aptProxies() {
  if (!existsSync('/usr/bin/apt-config')) return {};
  const dump = await run(['apt-config', 'dump', 'Acquire']);
  const found = [...dump.matchAll(/^Acquire::(https?)::Proxy "([^"]+)";$/gim)].map(([, scheme, url]) => [
    `${scheme.toLowerCase()}_proxy`,
    url,
  ]);
  return Object.fromEntries(found.filter(([name]) => process.env[name] === undefined));
}

/** A line of each certificate that is this machine's alone; none where no list says which ones everybody ships. */
function ownCertificates(bundle) {
  const list = '/etc/ca-certificates.conf';
  if (!existsSync(list)) return [];
  const known = readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !/^[#!]/.test(line))
    .map((name) => join('/usr/share/ca-certificates', name))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  return bundle
    .split('-----BEGIN CERTIFICATE-----')
    .slice(1)
    .map((block) => block.trim().split('\n')[3] ?? '')
    .filter((line) => line.length >= 60 && !known.includes(line));
}

/** Which of `needles` stand in which blobs: `NEEDLE in DIGEST`. Blobs of a layout are looked at as they are once they are decompressed. */
export async function leaks(layout, digests, needles) {
  const found = [];
  for (const digest of digests) {
    const file = join(layout, 'blobs', ...digest.split(':'));
    for (const needle of await holds(
      file,
      needles.map((text) => Buffer.from(text)),
    ))
      found.push(`${needle} in ${digest}`);
  }
  return found;
}

async function holds(file, needles) {
  const overlap = Math.max(...needles.map((needle) => needle.length));
  const found = new Set();
  let tail = Buffer.alloc(0);
  for await (const chunk of plain(file)) {
    const text = Buffer.concat([tail, chunk]);
    for (const needle of needles) if (text.includes(needle)) found.add(needle.toString());
    tail = text.subarray(-overlap);
  }
  return found;
}

/** The bytes of a blob, decompressed. */
async function* plain(file) {
  const size = 4 * 1024 * 1024;
  const raw = createReadStream(file, { highWaterMark: size });
  const magic = await headOf(file, 4);
  if (magic.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) yield* raw.pipe(createGunzip({ chunkSize: size }));
  else if (magic.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) yield* unzstd(raw);
  else yield* raw;
}

/** Node learned zstd after the oldest one that is supported here. */
async function* unzstd(raw) {
  let out = [];
  const stream = new Decompress((chunk) => {
    out.push(Buffer.from(chunk));
  });
  for await (const chunk of raw) {
    stream.push(chunk);
    yield* out;
    out = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* out;
}

async function headOf(file, bytes) {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
