import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { tare, tareJson } from '../../helpers/cli.ts';
import { addNodeOriginal } from '../../helpers/original.ts';
import { tempDir } from '../../helpers/temp.ts';
import { scratchFolder } from '../../helpers/watched-cli.ts';
import { complaints, sbomValidators } from './validators.ts';

const HOSTILE = 'a\nb\u0007 <script>"\\';
const STATUS = `Package: libdemo
Status: install ok installed
Architecture: amd64
Version: 1:2.0~rc1+b1

`;

interface Told {
  readonly file: string;
  readonly packages: number;
  readonly partial: number;
  readonly files: number;
}
interface Spdx {
  readonly packages: readonly { name: string; comment?: string; externalRefs?: { referenceLocator: string }[] }[];
  readonly files: readonly { fileName: string }[];
}

describe('tare sbom', () => {
  const validators = sbomValidators();
  const scratch = scratchFolder();
  let home: string;
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  beforeAll(async () => {
    home = join(scratch, 'home');
    cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
    await addNodeOriginal(home, 'mixed', {
      entries: [
        { path: 'var/lib/dpkg/status', content: STATUS },
        { path: 'var/lib/dpkg/info/libdemo.list', content: '/usr/lib/libdemo.so.2\n' },
        { path: 'usr/lib/libdemo.so.2', content: 'x' },
        { path: 'app/node_modules/@scope/name/package.json', content: '{"name":"@scope/name","version":"1.2.3"}' },
        { path: 'app/node_modules/@scope/name/index.js', content: '' },
        { path: `app/${HOSTILE}`, content: 'x' },
      ],
    });
  });

  it.each(['spdx', 'cyclonedx'] as const)('writes %s that the tools of the standard take', async (format) => {
    for (const image of ['node-status', 'mixed']) {
      const file = join(tempDir(), 'sbom.json');
      const told = await tareJson<Told>(['sbom', image, '--format', format, '-o', file], { home });
      expect(told.files).toBeGreaterThan(10);
      if (format === 'spdx') writeFileSync(file.replace('.json', '.spdx.json'), readFileSync(file));
      if (validators !== undefined)
        expect(complaints(validators, format, format === 'spdx' ? file.replace('.json', '.spdx.json') : file)).toBe('');
      const printed = await tare(['sbom', image, '--format', format], { home });
      expect(printed.stdout).toBe(readFileSync(file, 'utf8'));
    }
  });

  it('knows whose files they are, whatever their names', async () => {
    const document = JSON.parse((await tare(['sbom', 'mixed'], { home })).stdout) as Spdx;
    const purls = document.packages.flatMap((item) => item.externalRefs?.map((ref) => ref.referenceLocator) ?? []);
    expect(purls.map((purl) => purl.replace(/[@?].*/, '').replace('%40', '@'))).toEqual(
      expect.arrayContaining(['pkg:npm/@scope/name', 'pkg:deb/debian/libdemo']),
    );
    expect(document.files.map((item) => item.fileName)).toContain(`./app/${HOSTILE}`);
  });

  it('says what is only there in part', async () => {
    const told = await tareJson<Told>(['sbom', 'node-status', '-o', join(tempDir(), 'a.json')], { home });
    const document = JSON.parse((await tare(['sbom', 'node-status'], { home })).stdout) as Spdx;
    expect(document.packages.filter((item) => item.comment?.startsWith('partial: ') === true)).toHaveLength(
      told.partial,
    );
    expect(document.packages[0]?.comment).toMatch(/^\d+ files? \(\d+ bytes\) left out/);
  });

  it('refuses a format that is none', async () => {
    const answer = await tare(['sbom', 'mixed', '--format', 'swid'], { home });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(/spdx, cyclonedx/);
  });
});
