import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/base/error-codes.ts';
import { BLOB_ROWS } from '../ship/registry/rows/blobs.ts';
import { DOCKER_REGISTRY_DIFFERS } from '../ship/registry/rows/docker-registry.ts';
import { LIST_ROWS } from '../ship/registry/rows/lists.ts';
import { MANIFEST_ROWS } from '../ship/registry/rows/manifests.ts';
import { STORE_DIFFERS } from '../ship/registry/rows/store.ts';
import { UPLOAD_ROWS } from '../ship/registry/rows/uploads.ts';

const TEXT = readFileSync(new URL('../../docs/registries.md', import.meta.url), 'utf8');
const root = new URL('../../', import.meta.url);

describe('docs/registries.md', () => {
  it('says how many rows each server passes', () => {
    const parts = { blobs: BLOB_ROWS, uploads: UPLOAD_ROWS, manifests: MANIFEST_ROWS, lists: LIST_ROWS };
    const passed = (rows: readonly { readonly what: string }[], differs: object): number =>
      rows.filter(({ what }) => !Object.hasOwn(differs, what)).length;
    const line = (name: string, rows: readonly { readonly what: string }[]): string =>
      `| ${[name, rows.length, rows.length, passed(rows, STORE_DIFFERS), passed(rows, DOCKER_REGISTRY_DIFFERS)].join(' | ')} |`;
    const lines = [
      ...Object.entries(parts).map(([name, rows]) => line(name, rows)),
      line('all', Object.values(parts).flat()),
    ];
    expect(TEXT).toContain(lines.join('\n'));
  });

  it('names tests that are there, and codes that are thrown', () => {
    const tests = [...TEXT.matchAll(/`((?:transports|ship|cli)\/[\w/.-]+\.test\.ts)`/g)].map(([, file]) => file ?? '');
    expect(tests.length).toBeGreaterThan(20);
    expect(tests.filter((file) => !existsSync(new URL(`test/${file}`, root)))).toEqual([]);
    const codes = [...TEXT.matchAll(/`(E_[A-Z_]+)`/g)].map(([, code]) => code ?? '');
    expect(codes.filter((code) => !Object.hasOwn(ERROR_CODES, code))).toEqual([]);
  });
});
