import { sha256 } from '../../../base/digest.ts';
import { scanSource, type ScanOptions } from './scan.ts';
import type { Scan } from './types.ts';

/** What sources asked for when they were last read. Parsing is most of the work of a build; sources hardly change. */
export interface ScanCache {
  find(key: string): Scan | undefined;
  keep(key: string, scan: Scan): void;
}

/** As `scanSource`, from the cache where it can. A scan with calls for the rules holds syntax, and is made anew each time. */
export function cachedScan(text: string, options: ScanOptions, cache: ScanCache | undefined): Scan {
  if (cache === undefined) return scanSource(text, options);
  const key = sha256(JSON.stringify([options.file, options.cwd, options.arch, text])).slice('sha256:'.length);
  const known = cache.find(key);
  if (known !== undefined) return known;
  const scan = scanSource(text, options);
  if (scan.calls.length === 0) cache.keep(key, scan);
  return scan;
}
