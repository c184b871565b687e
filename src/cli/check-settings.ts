import { access } from 'node:fs/promises';
import { TareError } from '../base/error.ts';
import type { CheckConfig } from '../config/check.ts';
import type { ReadRules } from '../explain/check/read-rules.ts';
import type { Options } from './spec.ts';

/** Looked for in the current folder when nobody names a file. */
const USUAL_FILES = ['tare.yaml', '.dive-ci'];

/** The rules of flags, variables and files. @throws TareError E_USAGE; as `readRules` */
export async function checkSettings(options: Options): Promise<ReadRules> {
  const { readRules } = await import('../explain/check/read-rules.ts');
  const flags = await flagRules(options);
  const named = options.list('config');
  const read = await readRules(named.length > 0 ? named : await usualFiles(), flags);
  if (options.isTyped('against') && !read.asksGrowth)
    throw new TareError('E_USAGE', '--against means nothing here: no rule is about growth', {
      hint: 'say how much it may have grown: --growth 3%, or `growth:` below `check:` in tare.yaml',
    });
  return read.asksGrowth ? read : { ...read, base: undefined };
}

async function usualFiles(): Promise<readonly string[]> {
  const found = await Promise.all(
    USUAL_FILES.map((file) =>
      access(file).then(
        () => [file],
        () => [],
      ),
    ),
  );
  return found.flat();
}

async function flagRules(options: Options): Promise<CheckConfig> {
  const { parseAmount, parseDays, parsePackagePattern, parseShare } = await import('../config/check.ts');
  const { parseSize } = await import('../config/size.ts');
  const read = <T>(
    name: string,
    flag: string,
    parse: (text: string, where: string, code: 'E_USAGE') => T,
  ): T | undefined => {
    const text = options.text(name);
    return text === undefined ? undefined : parse(text, flag, 'E_USAGE');
  };
  const forbidden = (name: string): { readonly allow: [] } | undefined =>
    options.maybeFlag(name) === false ? { allow: [] } : undefined;
  const patterns = (name: 'forbid' | 'require') =>
    options.list(name).map((text) => parsePackagePattern(text, `--${name}`, 'E_USAGE'));
  const growth = read('growth', '--growth', parseAmount);
  const [forbid, require, labels] = [patterns('forbid'), patterns('require'), options.list('requireLabel')];
  const found: { readonly [Key in keyof CheckConfig]: CheckConfig[Key] | undefined } = {
    base: options.text('against'),
    disk: read('disk', '--disk', parseSize),
    wire: read('wire', '--wire', parseSize),
    layers: countOf(options, 'layers'),
    files: countOf(options, 'files'),
    efficiency: read('efficiency', '--efficiency', parseShare),
    wasted: read('wasted', '--wasted', parseAmount),
    growth: growth === undefined ? undefined : { disk: growth, wire: growth },
    user: options.text('user'),
    noSetuid: forbidden('setuid'),
    noSecrets: forbidden('secrets'),
    noShell: forbidden('shell'),
    maxAgeDays: read('maxAge', '--max-age', parseDays),
    packages: forbid.length + require.length === 0 ? undefined : { forbid, require },
    labels: labels.length === 0 ? undefined : { require: labels },
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function countOf(options: Options, name: 'layers' | 'files'): number | undefined {
  const count = options.number(name);
  if (count !== undefined && !Number.isInteger(count))
    throw new TareError('E_USAGE', `--${name} ${count} is not a whole number: 0, 1, 2 …`);
  return count;
}

/** A day or an instant (ISO 8601), or seconds since the epoch → milliseconds since the epoch. @throws TareError E_USAGE */
export function instantOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : isDate ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new TareError('E_USAGE', `--now ${JSON.stringify(text)} is no date`, {
    hint: 'write it as 2026-11-21, 2026-11-21T12:00:00Z, or seconds since 1970',
  });
}
