import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '../../helpers/needs.ts';
import { startDockerRegistry, startTareRegistry, type RunningRegistry } from '../../helpers/registry.ts';
import { DOCKER_REGISTRY_DIFFERS } from './rows/docker-registry.ts';
import { BLOB_ROWS } from './rows/blobs.ts';
import { LIST_ROWS } from './rows/lists.ts';
import { MANIFEST_ROWS } from './rows/manifests.ts';
import { UPLOAD_ROWS } from './rows/uploads.ts';
import { STORE_DIFFERS } from './rows/store.ts';
import { difference } from './runner.ts';

const ROWS = [...BLOB_ROWS, ...UPLOAD_ROWS, ...MANIFEST_ROWS, ...LIST_ROWS].map((row, number) => ({ ...row, number }));

describe('tare registry serve does what distribution-spec 1.1 says', { concurrent: true }, () => {
  let registry: RunningRegistry;
  const storage = mkdtempSync(join(tmpdir(), 'tare-registry-'));
  beforeAll(async () => {
    registry = await startTareRegistry({ storage });
  });
  afterAll(async () => {
    await registry.stop();
    rmSync(storage, { recursive: true });
  });

  it.for(ROWS)('$what', async (row) => {
    expect(await difference(registry.url, row, row.number)).toBeUndefined();
  });
});

describe('tare registry serve --store', { concurrent: true }, () => {
  let registry: RunningRegistry;
  const home = mkdtempSync(join(tmpdir(), 'tare-registry-'));
  beforeAll(async () => {
    registry = await startTareRegistry({ store: home });
  });
  afterAll(async () => {
    await registry.stop();
    rmSync(home, { recursive: true });
  });

  it('is compared by rows that there are', () => {
    const rows = new Set(ROWS.map((row) => row.what));
    expect(Object.keys(STORE_DIFFERS).filter((what) => !rows.has(what))).toEqual([]);
  });

  it.for(ROWS)('$what', async (row) => {
    const found = await difference(registry.url, row, row.number);
    expect(found?.split('\n')[0]).toBe(STORE_DIFFERS[row.what]);
  });
});

/** Where the two servers differ is data too: a row that any server passes would say little. */
describe.skipIf(!needs('docker-registry'))("and Debian's docker-registry", { concurrent: true }, () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.stop());

  it('is compared by rows that there are', () => {
    const rows = new Set(ROWS.map((row) => row.what));
    expect(rows.size).toBe(ROWS.length);
    expect(Object.keys(DOCKER_REGISTRY_DIFFERS).filter((what) => !rows.has(what))).toEqual([]);
  });

  it.for(ROWS)('$what', async (row) => {
    const found = await difference(registry.url, row, row.number);
    expect(found?.split('\n')[0]).toBe(DOCKER_REGISTRY_DIFFERS[row.what]);
  });
});
