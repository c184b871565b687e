import { realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Digest } from '../base/digest.ts';
import { fromErrno } from '../base/error.ts';
import { bytesOfText, cleanPath, joinPath, pathOfText } from '../base/path.ts';
import { CONFIG_FILE, readConfig } from '../config/config.ts';
import { openImage } from '../transports/index.ts';
import { epochOf, mergeSettings, type Prepared } from './prepare.ts';
import { findRecord, recordKey, type BuildRecord, type Consulted } from './record.ts';
import type { BuildOptions, BuildResult, BuildTools } from './types.ts';

/** All that decides the result besides what is on the disk. */
export async function questionOf(options: BuildOptions): Promise<Digest> {
  const { environment, output: _output, sbom: _sbom, ...rest } = options;
  return recordKey({
    ...rest,
    dir: await realFolder(options.dir),
    // The image may be named after it, and a link has a name of its own.
    called: basename(resolve(options.dir)),
    path: ['PATH', 'DOTNET_ROOT', 'JAVA_HOME'].map((name) => environment?.[name] ?? ''),
    epoch: epochOf(options),
  });
}

/** The recorded result of the same question, when nothing that it depends on has changed. */
export async function findUnchanged(
  key: Digest,
  options: BuildOptions,
  tools: BuildTools,
): Promise<Pick<BuildRecord, 'facts' | 'result'> | undefined> {
  if (tools.sandbox !== undefined) return undefined;
  const record = await findRecord(key, tools.store);
  if (record === undefined) return undefined;
  if (record.warehouse !== null) {
    const from = mergeSettings(await readConfig(options.dir), options).from ?? 'host';
    const image = await openImage(from, { store: tools.store, ctx: tools.ctx });
    if (image.descriptor.digest !== record.warehouse) return undefined;
  }
  await tools.store.tag(record.result.reference, record.descriptor, record.evidence);
  for (const warning of record.result.warnings) tools.ctx.onEvent({ kind: 'warning', warning });
  return record;
}

/**
 * `strip` may be another one next time; a tare.yaml that is a link may lead to another text without any of the folder's files changing;
 * and what was not run although it could have been is to be run next time.
 */
export function mayBeRemembered(prepared: Prepared, result: BuildResult, options: BuildOptions): boolean {
  if (prepared.settings.strip === true || prepared.application.isCompiled === true) return false;
  if (prepared.tree.get(joinPath(prepared.application.dir, CONFIG_FILE))?.type === 'symlink') return false;
  return result.verified === null ? options.verify === false : result.verified.ok;
}

/** The host paths that the result depends on. */
export function consultedBy({ application, own, warehouse }: Prepared): Consulted {
  const root = bytesOfText(application.hostRoot);
  const listed = [cleanPath(root)];
  const paths = application.asked.map(pathOfText);
  for (const entry of own.walk()) (entry.type === 'directory' ? listed : paths).push(cleanPath(`${root}${entry.path}`));
  const asked = warehouse.consulted();
  return { paths: [...asked.paths, ...paths], listed: [...asked.listed, ...listed] };
}

async function realFolder(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    throw fromErrno(error, `cannot read the application folder ${JSON.stringify(dir)}`, {
      hint: 'name a folder: `tare build DIR`',
    });
  }
}
