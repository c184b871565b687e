import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromErrno, TareError } from '../../base/error.ts';
import type { ExportedFile } from '../../systems/export/types.ts';
import { projectOf, timeoutOf } from '../compose-options.ts';
import type { CommandInput, CommandResult } from '../spec.ts';

const PRIVATE = 0o600;

/** `tare systems export`. */
export async function exportSystemCommand({ cli, options }: CommandInput): Promise<CommandResult> {
  const [{ EXPORT_FORMATS }, { exportProject }, { imagesOf }, { replaceFile }] = await Promise.all([
    import('../../systems/export/index.ts'),
    import('../../systems/export-project.ts'),
    import('../../systems/images.ts'),
    import('../../transports/write-file.ts'),
  ]);
  const formats = (Object.keys(EXPORT_FORMATS) as (keyof typeof EXPORT_FORMATS)[]).filter((format) =>
    options.flag(format.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())),
  );
  const [format, ...more] = formats;
  if (format === undefined || more.length > 0)
    throw new TareError('E_USAGE', 'say what is to be written: one of --kubernetes, --compose and --podman-quadlet');
  const timeoutMs = timeoutOf(options);
  const project = await projectOf(options, cli);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  const images = await imagesOf(project, { environment: cli.env }, tools);
  const repository = options.text('repository');
  const exported = await exportProject(
    {
      project,
      images,
      format,
      shrunk: options.flag('shrunk'),
      observe: options.maybeFlag('observe') !== false,
      ...(repository === undefined ? {} : { repository }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    tools,
  );
  const { files, warnings } = exported;
  for (const { at, message } of warnings)
    cli.ctx.onEvent({ kind: 'warning', warning: { code: 'export', message: `${at}: ${message}` } });
  const dir = options.text('output');
  if (dir === undefined)
    return { json: exported, text: () => files.map(({ path, text }) => `# ${path}\n${text}`).join('\n') };
  for (const file of files)
    await write(dir, file, (path, text, mode) => replaceFile(path, once(text), cli.ctx.signal, mode));
  const paths = files.map(({ path }) => join(dir, path));
  return { json: { project: project.name, format, files: paths, warnings }, text: () => paths.join('\n') };
}

async function write(
  dir: string,
  { path, secret, text }: ExportedFile,
  replace: (path: string, text: string, mode: number | undefined) => Promise<unknown>,
): Promise<void> {
  const file = join(dir, path);
  try {
    await mkdir(dirname(file), { recursive: true });
    await replace(file, text, secret === true ? PRIVATE : undefined);
  } catch (error) {
    throw fromErrno(error, `cannot write ${file}`);
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
