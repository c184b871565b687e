import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'init',
  arguments: [{ name: '[dir]', description: 'the application folder; the current one when it is left out' }],
  summary: 'write a first tare.yaml from what is detected',
  description:
    'Looks at the application as `tare build` does and writes a tare.yaml that says what was found, with the other settings as comments.',
  options: [{ flags: '--force', description: 'replace the file that is there' }],
  examples: [['tare init app && tare build app', 'write it, then follow it']],
  async run({ args, cli, options }) {
    const { init } = await import('../../build/init.ts');
    const result = await init({
      dir: (args[0] as string | undefined) ?? '.',
      force: options.flag('force'),
      environment: cli.env,
      store: await cli.store(),
      ctx: cli.ctx,
    });
    return { json: result, text: () => `${result.file}: starts ${result.entrypoint.join(' ')} (${result.because})` };
  },
};
