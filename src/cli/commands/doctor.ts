import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'doctor',
  arguments: [],
  summary: 'what works on this machine, and how to mend the rest',
  description:
    'Tries what tare needs on this machine, really: the container run time, user namespaces, overlay, seccomp, the store; and says how to mend what fails. Exit code 1 when images cannot be run here.',
  options: [],
  examples: [],
  async run({ cli }) {
    const [{ diagnose }, { defaultHome }, { doctorText }] = await Promise.all([
      import('../../sandbox/doctor.ts'),
      import('../../store/index.ts'),
      import('../../report/doctor.ts'),
    ]);
    const result = await diagnose({ home: defaultHome(cli.env) });
    return { json: result, text: doctorText(result), exit: result.ok ? 0 : 1 };
  },
};
