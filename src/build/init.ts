import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Context } from '../base/events.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { textOfBytes } from '../base/path.ts';
import { CONFIG_FILE } from '../config/config.ts';
import type { Store } from '../store/types.ts';
import { detectStart } from './prepare.ts';
import { withScratch } from './publish.ts';

export interface InitResult {
  readonly file: string;
  readonly entrypoint: readonly string[];
  /** Which fact decided. */
  readonly because: string;
}

export interface InitOptions {
  readonly dir: string;
  /** Replace a file that is there. */
  readonly force: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  readonly ctx: Context;
}

/** Writes a first tare.yaml. @throws TareError E_EXISTS when there is one, and what detection throws */
export async function init(options: InitOptions): Promise<InitResult> {
  const { ctx, dir, environment, store } = options;
  // What the old file says is to be replaced, not followed.
  const { application, start } = await withScratch((scratch) =>
    detectStart({ dir, environment }, { store, ctx, scratch }, {}),
  );
  const entrypoint = [...start.entrypoint, ...start.cmd];
  const prefix = `${textOfBytes(application.dir)}/`;
  const words = entrypoint.map((word, index) => {
    if (start.runtime !== undefined && index === 0) return word.slice(word.lastIndexOf('/') + 1);
    return word.startsWith(prefix) ? `./${word.slice(prefix.length)}` : word;
  });
  const file = join(options.dir, CONFIG_FILE);
  try {
    await writeFile(file, configText(words, start.env), { flag: options.force ? 'w' : 'wx' });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST')
      throw new TareError('E_EXISTS', `${file} is there already`, {
        hint: 'edit it, or replace it with `tare init --force`',
      });
    throw fromErrno(error, `cannot write ${file}`);
  }
  return { file, entrypoint: words, because: start.because };
}

function configText(entrypoint: readonly string[], env: Readonly<Record<string, string>>): string {
  const flow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  const environment = Object.keys(env).length === 0 ? '' : `\nenv: ${flow(env)}`;
  return `# What tare knows of this application. Every key is optional.
entrypoint: ${flow(entrypoint)}${environment}
# user: 65532                        # never root unless it must be
# expose: [8080]
# include: ["views/**"]              # files that the application reads, but that no code names
# exclude: ["**/*.map"]
# probes:                            # what must work before the image gets a name
#   - http: {port: 8080, path: /status, status: 200}
#   - command: [node, --version]
# budget: {wire: 40MB, disk: 110MB}  # exit code 1 above it
`;
}
