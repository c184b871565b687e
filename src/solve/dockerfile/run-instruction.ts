import { resolveMount, type Mount } from '../../formats/dockerfile/mounts.ts';
import { runScript } from '../../formats/dockerfile/run.ts';
import { dockerfileError } from '../../formats/dockerfile/source.ts';
import type { MountFlag, RunInstruction } from '../../formats/dockerfile/types.ts';
import type { ExecMount, NetworkMode } from '../types.ts';
import { inline } from './copy-instruction.ts';
import {
  absolute,
  expand,
  placeOf,
  shellOf,
  stepName,
  withHistory,
  type Handler,
  type StageState,
  type StageTools,
} from './state.ts';

const PIPES = '/dev/pipes';
const DEFAULT_SECRET_FOLDER = '/run/secrets';
const DEFAULT_CACHE_MODE = 0o755;
const DEFAULT_SECRET_MODE = 0o400;
const DEFAULT_SSH_MODE = 0o600;

export const run: Handler<'RUN'> = (state, instruction, tools) => {
  refuseUnlessAllowed(instruction, tools);
  const { argv, mount: script } = commandOf(state, instruction);
  const mounts = instruction.mounts.map((mount) => mountOf(state, mount, tools));
  const network: NetworkMode = instruction.network === 'default' ? tools.network : instruction.network;
  const env = [...state.variables].map(([name, value]) => `${name}=${value}`);
  const text = [...argumentTexts(state), ...argv].join(' ');
  return withHistory(
    {
      ...state,
      steps: state.steps + 1,
      vertex: {
        op: 'exec',
        name: stepName(state, shownText(instruction), tools),
        where: placeOf(instruction, tools),
        root: state.vertex,
        argv,
        env,
        cwd: state.cwd,
        user: state.image.config.User ?? '',
        mounts: [...(script === undefined ? [] : [script]), ...mounts],
        network,
        insecure: instruction.security === 'insecure',
        hosts: tools.hosts,
        silentEnv: tools.silentEnv.filter((item) => !state.variables.has(item.slice(0, item.indexOf('=')))),
      },
    },
    `RUN ${text} # buildkit`,
    true,
    tools,
  );
};

/** `RUN <<EOF (apt-get update…)`: what stands in the first line of a script tells more than the script's mark. */
function shownText({ heredocs, text }: RunInstruction): string {
  const lines = (heredocs[0]?.content ?? '').split('\n').map((line) => line.trim());
  const [first, ...others] = lines.filter((line) => line !== '' && !line.startsWith('#!'));
  if (first === undefined) return text;
  return `${text} (${first}${others.length === 0 ? '' : '…'})`;
}

/** A Dockerfile cannot help itself to what is outside of its sandbox (BuildKit's entitlements). */
function refuseUnlessAllowed({ network, range, security }: RunInstruction, { allow, file }: StageTools): void {
  const wanted = security === 'insecure' ? 'security.insecure' : network === 'host' ? 'network.host' : undefined;
  if (wanted === undefined || allow.has(wanted)) return;
  throw dockerfileError(file, range, `the step asks for ${wanted}, which was not allowed`, {
    hint: `if you trust this Dockerfile: --allow ${wanted}`,
  });
}

/** `|2 A=1 B=2` before the command: the arguments that were declared, as docker has always written them. */
function argumentTexts({ args, variables }: StageState): readonly string[] {
  const values = new Map(args.map(([name, value]) => [name, variables.get(name) ?? value ?? '']));
  return values.size === 0 ? [] : [`|${values.size}`, ...[...values].map(([name, value]) => `${name}=${value}`)];
}

interface RunCommand {
  readonly argv: readonly string[];
  readonly mount?: ExecMount;
}

/** A here-document that begins with `#!` is a file that is executed; any other is the shell's. */
function commandOf(state: StageState, instruction: RunInstruction): RunCommand {
  if (instruction.form === 'exec') return { argv: instruction.words.map(({ value }) => value) };
  const script = runScript(instruction);
  if (script.kind === 'shell') return { argv: [...shellOf(state), script.text] };
  const from = inline(script.name, script.text, 0o755);
  return {
    argv: [...shellOf(state), script.command],
    mount: { kind: 'bind', target: PIPES, from, source: '/', readOnly: true },
  };
}

function mountOf(state: StageState, flag: MountFlag, tools: StageTools): ExecMount {
  const mount = resolveMount(tools.file, flag, (word) => expand(state, word, flag.range, tools));
  const target = absolute(mount.target ?? '', state.cwd);
  if (target === '/' && mount.type !== 'secret' && mount.type !== 'ssh')
    throw dockerfileError(tools.file, flag.range, 'a mount cannot take the place of the whole root', {
      hint: 'give it a target: target=/path',
    });
  switch (mount.type) {
    case 'bind': {
      const from = mount.from === undefined ? tools.context : tools.sourceOf(mount.from, flag.range);
      return { kind: 'bind', target, from, source: absolute(mount.source ?? '', '/'), readOnly: mount.readOnly };
    }
    case 'cache':
      return {
        kind: 'cache',
        target,
        id: mount.id ?? target,
        sharing: mount.sharing,
        ...(mount.from === undefined ? {} : { from: tools.sourceOf(mount.from, flag.range) }),
        source: absolute(mount.source ?? '', '/'),
        readOnly: mount.readOnly,
        mode: mount.mode ?? DEFAULT_CACHE_MODE,
        ...owned(mount),
      };
    case 'tmpfs':
      return { kind: 'tmpfs', target, ...(mount.size === 0 ? {} : { size: mount.size }) };
    case 'secret':
      return secretOf(state, mount);
    default: {
      const id = mount.id ?? 'default';
      const path = mount.target === undefined ? `/run/buildkit/ssh_agent.${id}` : target;
      const mode = mount.mode ?? DEFAULT_SSH_MODE;
      return { kind: 'ssh', id, target: path, required: mount.required, mode, ...owned(mount) };
    }
  }
}

/** A file, unless it is asked for as a variable alone. */
function secretOf({ cwd }: StageState, mount: Mount): ExecMount {
  const id = mount.id ?? mount.source ?? mount.target?.split('/').at(-1) ?? '';
  const file = mount.target ?? (mount.env === undefined ? `${DEFAULT_SECRET_FOLDER}/${id}` : undefined);
  return {
    kind: 'secret',
    id,
    ...(file === undefined ? {} : { target: absolute(file, cwd) }),
    ...(mount.env === undefined ? {} : { env: mount.env }),
    required: mount.required,
    mode: mount.mode ?? DEFAULT_SECRET_MODE,
    ...owned(mount),
  };
}

const owned = ({ gid = 0, uid = 0 }: Mount): { readonly uid: number; readonly gid: number } => ({ uid, gid });
