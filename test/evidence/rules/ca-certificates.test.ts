import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askRules, type RuleQuestion } from '../../helpers/ask-rules.ts';
import { buildElf, type ElfRecipe } from '../../helpers/elf-builder.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const elf = (recipe: ElfRecipe = {}): MemoryFile => ({ content: buildElf(recipe), mode: 0o755 });
const mentions = (...constants: string[]): MemoryFile => elf({ constants });

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const DEBIAN: Record<string, MemoryFile> = {
  [BUNDLE]: 'certificates',
  '/etc/ssl/certs/0a1b2c3d.0': { link: 'One.pem' },
  '/etc/ssl/certs/One.pem': { link: '/usr/share/ca-certificates/One.crt' },
  '/usr/share/ca-certificates/One.crt': 'one',
  '/usr/lib/ssl/certs': { link: '/etc/ssl/certs' },
};
const WITHOUT_BUNDLE = Object.fromEntries(Object.entries(DEBIAN).filter(([path]) => path !== BUNDLE));
const OPENSSL = ['/usr/lib/ssl', '/usr/lib/ssl/certs', '/usr/lib/ssl/cert.pem'];
const NODE = mentions('/etc/ssl/certs', '/etc/ssl/cert.pem', 'NODE_EXTRA_CA_CERTS');

interface Case {
  readonly name: string;
  readonly files: Record<string, MemoryFile>;
  readonly question?: RuleQuestion;
  readonly edges: string[];
  readonly add?: string[];
  readonly warnings?: string[];
}

describe('ca-certificates', () => {
  const cases: readonly Case[] = [
    { name: 'nothing that speaks TLS', files: { ...DEBIAN, '/bin/x': mentions('/etc/passwd') }, edges: [] },
    { name: 'a program that names the bundle', files: { ...DEBIAN, '/bin/x': mentions(BUNDLE) }, edges: [BUNDLE] },
    {
      name: 'a program whose constants lie side by side, as those of Go',
      files: { ...DEBIAN, '/bin/x': mentions(`no bundle${BUNDLE}/etc/pki/tls/certs/ca-bundle.crt more text`) },
      edges: [BUNDLE],
    },
    {
      name: 'a bundle of another distribution',
      files: {
        '/etc/pki/tls/certs/ca-bundle.crt': { link: '../cert.pem' },
        '/etc/pki/tls/cert.pem': 'x',
        '/bin/x': mentions(BUNDLE, '/etc/pki/tls/certs/ca-bundle.crt'),
      },
      edges: ['/etc/pki/tls/certs/ca-bundle.crt'],
    },
    {
      name: 'libcrypto without libssl',
      files: { ...DEBIAN, '/lib/libcrypto.so.3': mentions(...OPENSSL) },
      edges: [],
    },
    {
      name: 'libcrypto with libssl, and a link to the bundle',
      files: {
        ...DEBIAN,
        '/usr/lib/ssl/cert.pem': { link: BUNDLE },
        '/lib/libcrypto.so.3': mentions(...OPENSSL),
        '/lib/libssl.so.3': elf(),
      },
      edges: ['/usr/lib/ssl/cert.pem'],
    },
    {
      name: 'libcrypto with libssl, where only the folder of hashes is linked: a link to the bundle instead',
      files: { ...DEBIAN, '/lib/libcrypto.so.1.1': mentions(...OPENSSL), '/lib/libssl.so.1.1': elf() },
      edges: [BUNDLE],
      add: ['/usr/lib/ssl/cert.pem'],
    },
    {
      name: 'where there is only the folder of hashes',
      files: { ...WITHOUT_BUNDLE, '/lib/libcrypto.so.3': mentions(...OPENSSL), '/lib/libssl.so.3': elf() },
      edges: ['/usr/lib/ssl/certs/0a1b2c3d.0'],
    },
    {
      name: 'where there are no certificates',
      files: { '/bin/x': mentions(BUNDLE) },
      edges: [],
      warnings: ['ca-missing'],
    },
    { name: 'node, which has its own', files: { ...DEBIAN, '/usr/bin/node': NODE }, edges: [] },
    { name: 'node by another name', files: { ...DEBIAN, '/opt/runtime': NODE }, edges: [] },
    {
      name: 'node that is told to use the machine’s, by an argument',
      files: { ...DEBIAN, '/etc/ssl/cert.pem': { link: BUNDLE }, '/usr/bin/node': NODE },
      question: { argv: ['node', '--use-openssl-ca', 'x.js'] },
      edges: ['/etc/ssl/cert.pem'],
    },
    {
      name: 'node that is told to use the machine’s, by the environment',
      files: { ...DEBIAN, '/etc/ssl/cert.pem': { link: BUNDLE }, '/usr/bin/node': NODE },
      question: { env: { NODE_OPTIONS: '--use-system-ca' } },
      edges: ['/etc/ssl/cert.pem'],
    },
    {
      name: 'node with more of its own',
      files: { ...DEBIAN, '/usr/bin/node': NODE, '/app/ca.pem': 'x' },
      question: { env: { NODE_EXTRA_CA_CERTS: '/app/ca.pem' } },
      edges: ['/app/ca.pem'],
    },
    {
      name: 'a folder of the environment',
      files: DEBIAN,
      question: { env: { SSL_CERT_DIR: '/etc/ssl/private/../certs' } },
      edges: [],
      warnings: ['ca-missing'],
    },
    {
      name: 'a folder of the environment that is there',
      files: DEBIAN,
      question: { env: { SSL_CERT_DIR: '/etc/ssl/certs' } },
      edges: ['/etc/ssl/certs', '/etc/ssl/certs/0a1b2c3d.0'],
    },
    {
      name: 'a broken program',
      files: { ...DEBIAN, '/bin/x': { content: '\x7fELF\x02\x01\x01', mode: 0o755 } },
      edges: [],
    },
  ];
  it.each(cases)('$name', async ({ add, edges, files, question, warnings }) => {
    const kept = Object.keys(files).filter((path) => /^\/(bin|lib|opt|usr\/bin)\//.test(path));
    const ruled = await askRules(files, { ...question, kept });
    expect(ruled.edgesOf('ca-certificates')).toEqual(edges);
    expect(ruled.addedBy('ca-certificates')).toEqual(add ?? []);
    expect(ruled.warnings.map((warning) => warning.code)).toEqual(warnings ?? []);
  });

  it('does not count for the node that runs this test', async () => {
    const files = { ...DEBIAN, '/opt/runtime': { content: readFileSync(process.execPath), mode: 0o755 } };
    expect((await askRules(files, { kept: ['/opt/runtime'] })).edgesOf('ca-certificates')).toEqual([]);
  });

  it.skipIf(!needs('go'))(
    'counts for a Go program that speaks TLS, and for no other',
    async () => {
      const dir = tempDir();
      const build = (name: string, text: string): Buffer => {
        writeFileSync(join(dir, `${name}.go`), text);
        execFileSync('go', ['build', '-o', join(dir, name), join(dir, `${name}.go`)], {
          env: { ...process.env, GO111MODULE: 'off', CGO_ENABLED: '0' },
        });
        return readFileSync(join(dir, name));
      };
      const plain = build('plain', 'package main\nfunc main() { println("OK") }\n');
      const tls = build(
        'tls',
        'package main\nimport "crypto/x509"\nfunc main() { _, err := x509.SystemCertPool(); println(err == nil) }\n',
      );
      const ask = async (content: Buffer) =>
        (await askRules({ ...DEBIAN, '/app/x': { content, mode: 0o755 } }, { kept: ['/app/x'] })).edgesOf(
          'ca-certificates',
        );
      expect(await ask(plain)).toEqual([]);
      expect(await ask(tls)).toEqual([BUNDLE]);
    },
    300_000,
  );
});
