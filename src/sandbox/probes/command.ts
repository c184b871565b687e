import { aborted, withDeadline } from '../../base/deadline.ts';
import { NOT_STARTED } from '../exec.ts';
import type { CommandProbe } from '../types.ts';
import { commandAnswer } from './answer.ts';
import type { ProbeKind } from './types.ts';

const MAX_SHOWN = 400;

export const commandProbe: ProbeKind<{ readonly command: CommandProbe }> = {
  name: ({ command }) => `command ${command.argv.join(' ')}`,
  async attempt({ command }, { room, running, signal, timeoutMs }) {
    const result = await withDeadline(signal, timeoutMs, (limit) =>
      Promise.race([running.exec(command.argv, limit), aborted(limit)]),
    );
    if (result === undefined)
      return signal.aborted
        ? { ok: false, detail: 'interrupted' }
        : { ok: false, detail: `did not end within ${Math.round(timeoutMs)} ms`, late: true };
    const answer = commandAnswer(result.exit.code, result.stdout, result.stderr, room);
    const wanted = command.exit ?? 0;
    if (result.exit.code !== wanted) {
      const said = result.stderr.trim() || result.stdout.trim();
      const absent = result.exit.code === NOT_STARTED ? { final: true as const } : {};
      return {
        ...absent,
        ok: false,
        answer,
        detail: `exit code: expected ${wanted}, got ${result.exit.code}${said === '' ? '' : `: ${shortened(said)}`}`,
      };
    }
    if (command.output !== undefined && !result.stdout.includes(command.output))
      return {
        ok: false,
        answer,
        detail: `output: expected ${JSON.stringify(command.output)} in ${JSON.stringify(shortened(result.stdout))}`,
      };
    return { ok: true, answer };
  },
};

const shortened = (text: string): string => (text.length > MAX_SHOWN ? `…${text.slice(-MAX_SHOWN)}` : text);
