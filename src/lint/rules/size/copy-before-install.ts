import type { Instruction } from '../../../formats/dockerfile/types.ts';
import type { ShellCommand } from '../../shell/types.ts';
import type { Rule } from '../../types.ts';
import { invocationOf } from './runs.ts';

const EVERYTHING = /^\.?\/?(?:\*)?$/;
/** Programs that load what a manifest lists, by verb. */
const INSTALLERS: Readonly<Record<string, readonly string[]>> = {
  bun: ['install', 'i'],
  bundle: ['install'],
  cargo: ['fetch'],
  composer: ['install'],
  dotnet: ['restore'],
  go: ['mod'],
  npm: ['ci', 'install', 'i'],
  pip: ['install'],
  pip3: ['install'],
  pipenv: ['install', 'sync'],
  pnpm: ['install', 'i'],
  poetry: ['install'],
  uv: ['sync'],
  yarn: ['', 'install'],
};

export const copyBeforeInstall: Rule = {
  id: 'CopyBeforeInstall',
  origin: 'size',
  since: '2026.1',
  severity: 'info',
  title: 'Dependencies are installed before the sources are copied',
  why: 'A step runs again when anything above it has changed. Below `COPY . .`, all dependencies are loaded anew, into a new layer, after every change of a source file.',
  cure: 'copy the manifest and the lock file first, install, then copy the rest',
  example: {
    bad: 'COPY . .\nRUN npm ci',
    good: 'COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .',
  },
  fixable: false,
  *check({ stages }, facts) {
    for (const { instructions } of stages) {
      let whole: Instruction | undefined;
      let isInstalled = false;
      for (const node of instructions) {
        if ((node.kind === 'COPY' && node.from === undefined) || node.kind === 'ADD') {
          const source = node.sources.find(({ value }) => EVERYTHING.test(value) && value !== '');
          if (source !== undefined && whole === undefined && !isInstalled) whole = node;
        }
        if (node.kind !== 'RUN') continue;
        const command = facts.scriptOf(node)?.commands.find(installs);
        if (command === undefined) continue;
        isInstalled = true;
        if (whole === undefined) continue;
        yield {
          message: `line ${node.range.start.line} installs dependencies again whenever one of these files has changed`,
          range: whole.range,
        };
        break;
      }
    }
  },
};

function installs(command: ShellCommand): boolean {
  const verbs = Object.hasOwn(INSTALLERS, command.name) ? INSTALLERS[command.name] : undefined;
  const call = invocationOf(command, ['-r', '--requirement', '-C', '--prefix']);
  if (verbs === undefined || !verbs.includes(call.verb)) return false;
  if (call.flags.some((flag) => ['-g', '--global', '--version', '-v'].includes(flag))) return false;
  if (command.name === 'go') return call.operands[0]?.text === 'download';
  // `pip install .` needs the sources; `npm install x` names its packages itself.
  if (command.name.startsWith('pip') && command.name !== 'pipenv')
    return call.operands.length === 0 && call.flags.some((flag) => /^(?:-r|--requirement)/.test(flag));
  return call.operands.length === 0;
}
