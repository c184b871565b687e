import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromErrno, TareError } from '../../base/error.ts';
import type { ExportedFile } from '../../systems/export/types.ts';
import type { ObserveSystemOptions } from '../../systems/prove/observe.ts';
import { projectOf, timeoutOf } from '../compose-options.ts';
import type { CommandInput, CommandResult } from '../spec.ts';

const PRIVATE = 0o600;

/** `tare systems export`. */
export async function exportSystemCommand({ cli, options }: CommandInput): Promise<CommandResult> {
  const [{ exportSystem, EXPORT_FORMATS }, { configContents, factsOf }, { imagesOf, shrunkImagesOf }, { replaceFile }] =
    await Promise.all([
      import('../../systems/export/index.ts'),
      import('../../systems/facts.ts'),
      import('../../systems/images.ts'),
      import('../../transports/write-file.ts'),
    ]);
  const formats = (Object.keys(EXPORT_FORMATS) as (keyof typeof EXPORT_FORMATS)[]).filter((format) =>
    options.flag(format.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())),
  );
  const [format, ...more] = formats;
  if (format === undefined || more.length > 0)
    throw new TareError('E_USAGE', 'say what is to be written: one of --kubernetes, --compose and --podman-quadlet');
  const project = await projectOf(options, cli);
  const tools = { store: await cli.store(), ctx: cli.ctx };
  const whole = await imagesOf(project, { environment: cli.env }, tools);
  const shrunk = options.flag('shrunk');
  const images = shrunk ? await shrunkImagesOf(project, whole, tools) : whole;
  const seen =
    options.maybeFlag('observe') === false ? undefined : await observed({ project, images }, { cli, options });
  const repository = options.text('repository');
  const facts = await factsOf({
    project,
    images,
    shrunk,
    ...tools,
    ...(seen === undefined ? {} : { seen }),
    ...(repository === undefined ? {} : { repository: repository.endsWith('/') ? repository : `${repository}/` }),
  });
  const { files, warnings } = exportSystem({ format, project, facts, contents: await configContents(project) });
  for (const { at, message } of warnings)
    cli.ctx.onEvent({ kind: 'warning', warning: { code: 'export', message: `${at}: ${message}` } });
  const dir = options.text('output');
  if (dir === undefined) {
    const json = { project: project.name, format, files, warnings };
    return { json, text: () => files.map(({ path, text }) => `# ${path}\n${text}`).join('\n') };
  }
  for (const file of files)
    await write(dir, file, (path, text, mode) => replaceFile(path, once(text), cli.ctx.signal, mode));
  const paths = files.map(({ path }) => join(dir, path));
  return { json: { project: project.name, format, files: paths, warnings }, text: () => paths.join('\n') };
}

async function observed(
  which: Pick<ObserveSystemOptions, 'images' | 'project'>,
  { cli, options }: Pick<CommandInput, 'cli' | 'options'>,
) {
  const [{ observeSystem }, { probesOfProject }, { requireSandbox }] = await Promise.all([
    import('../../systems/prove/observe.ts'),
    import('../../systems/prove/probes.ts'),
    import('../../verify/with-sandbox.ts'),
  ]);
  const probes = probesOfProject(which.project);
  const timeoutMs = timeoutOf(options);
  cli.ctx.onEvent({ kind: 'step.started', step: 'observe', detail: which.project.name });
  const seen = await observeSystem({
    ...which,
    drive: { probes, crawl: probes.length === 0 },
    trace: { syscalls: true },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    sandbox: await requireSandbox(),
    store: await cli.store(),
    ctx: cli.ctx,
  });
  cli.ctx.onEvent({ kind: 'step.done', step: 'observe' });
  const failed = seen.run.outcomes.find(({ ok }) => !ok);
  if (seen.failed === undefined && failed === undefined) return seen;
  const why = seen.failed?.message ?? `${failed?.name ?? ''}: ${failed?.detail ?? 'it fails'}`;
  throw new TareError('E_ORIGINAL', `${which.project.name} does not pass its own probes: ${why}`, {
    hint: 'mend it; or write what is known without running it: --no-observe',
  });
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
