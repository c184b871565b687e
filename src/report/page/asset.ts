import { readFile } from 'node:fs/promises';
import { workerUrl } from '../../base/worker-url.ts';

/** What the browser runs, and how it looks: made from src/page/ by the build. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export async function readPageAssets(): Promise<PageAssets> {
  const script = workerUrl(import.meta.url, '../../page/page');
  const [text, style] = await Promise.all([readFile(script, 'utf8'), readFile(new URL('page.css', script), 'utf8')]);
  return { script: text, style };
}
