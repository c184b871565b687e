import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { tare } from './cli.ts';
import { makeImage, type MakeImageOptions } from './images.ts';

export interface Explored {
  readonly home: string;
  /** Where a page of this name is; made by the first who asks. */
  page(name: string, ...args: readonly string[]): Promise<string>;
  put(options: Omit<MakeImageOptions, 'store'>): Promise<void>;
}

/** A store with node-status in it, and the pages that were made of its images, for all tests of a file. Call it where tests are described. */
export function exploredForTests(): Explored {
  let folder = '';
  const home = (): string => join(folder, 'home');
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tare-pages-'));
    cpSync(inject('seed'), home(), { recursive: true, preserveTimestamps: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get home() {
      return home();
    },
    async page(name, ...args) {
      const file = join(folder, `${name}.html`);
      if (existsSync(file)) return file;
      const { code, stderr } = await tare(['explore', ...args, '--output', file, '-q'], { home: home() });
      if (code !== 0) throw new Error(`tare explore ${args.join(' ')} ended with ${code}:\n${stderr}`);
      return file;
    },
    async put(options) {
      await makeImage({ store: await openStore({ home: home() }), ...options });
    },
  };
}
