import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect, it } from 'vitest';
import { trustedCertificates } from '../../src/base/http-certificates.ts';
import { tempDir } from '../helpers/temp.ts';

it('reads the folders of SSL_CERT_DIR, each certificate once, and nothing that is none', async () => {
  const dir = tempDir();
  const [one = '', two = ''] = rootCertificates;
  const [first, second] = [join(dir, 'first'), join(dir, 'second')];
  for (const folder of [first, second, join(first, 'folder')]) mkdirSync(folder);
  writeFileSync(join(first, 'one.pem'), one);
  symlinkSync('one.pem', join(first, '12345678.0'));
  symlinkSync('nowhere.pem', join(first, '12345678.1'));
  writeFileSync(join(first, 'README'), 'certificates go here');
  writeFileSync(join(second, 'two.crt'), two);
  const own = await trustedCertificates({});
  const env = { SSL_CERT_DIR: `${first}:${join(dir, 'nothing')}::${second}`, SSL_CERT_FILE: join(second, 'two.crt') };
  expect((await trustedCertificates(env)).slice(own.length).sort()).toEqual([one, two].sort());
});
