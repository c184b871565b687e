import { TareError } from '../../base/error.ts';
import { NON_ENVIRONMENT_ARGS } from '../../formats/dockerfile/build-args.ts';
import { formatDuration } from '../../formats/dockerfile/durations.ts';
import { goQuote, goQuotedList, goQuoteRune } from '../../formats/dockerfile/go-text.ts';
import { located, processWords } from '../../formats/dockerfile/expand.ts';
import { parsePorts } from '../../formats/dockerfile/ports.ts';
import { dockerfileError } from '../../formats/dockerfile/source.ts';
import type { CommandLine, KeyValue } from '../../formats/dockerfile/types.ts';
import type { Healthcheck } from '../../oci/types.ts';
import {
  absolute,
  expand,
  placeOf,
  shellOf,
  stepName,
  withConfig,
  withEnvironment,
  withHistory,
  withVariable,
  type Handler,
  type StageState,
  type StageTools,
} from './state.ts';

/** A shell form gets the stage's shell before it. */
function commandOf(state: StageState, { command, form, words }: CommandLine): readonly string[] {
  return form === 'exec' ? words.map(({ value }) => value) : [...shellOf(state), command.value];
}

/** All values are replaced by what was known before the instruction. */
function expandPairs(state: StageState, pairs: readonly KeyValue[], tools: StageTools): [string, string][] {
  return pairs.map(({ key, range, value }) => [
    expand(state, key.value, range, tools),
    expand(state, value.value, range, tools),
  ]);
}

const pairText = ([name, value]: readonly [string, string]): string => `${name}=${value}`;

export const env: Handler<'ENV'> = (state, { pairs }, tools) => {
  const values = expandPairs(state, pairs, tools);
  let next = state;
  for (const [name, value] of values) {
    next = withVariable(next, name, value);
    next = withConfig(next, { Env: withEnvironment(next.image.config.Env ?? [], name, value) });
  }
  return withHistory(next, `ENV ${values.map(pairText).join(' ')}`, false, tools);
};

export const label: Handler<'LABEL'> = (state, { pairs }, tools) => {
  const values = expandPairs(state, pairs, tools);
  const next = withConfig(state, { Labels: { ...state.image.config.Labels, ...Object.fromEntries(values) } });
  return withHistory(next, `LABEL ${values.map(pairText).join(' ')}`, false, tools);
};

const HIDDEN: readonly string[] = NON_ENVIRONMENT_ARGS;

/** The user's value, else the one here, else that of the argument before the first FROM. */
export const arg: Handler<'ARG'> = (state, { args }, tools) => {
  let next = state;
  const texts: string[] = [];
  for (const { key, range, value } of args) {
    const name = key.value;
    const here = value === undefined ? tools.globals.get(name) : expand(next, value.value, range, tools);
    const known = tools.given.get(name) ?? here;
    if (known !== undefined && !HIDDEN.includes(name)) next = withVariable(next, name, known);
    next = { ...next, args: [...next.args, [name, known]] };
    texts.push(known === undefined ? name : `${name}=${known}`);
  }
  return withHistory(next, `ARG ${texts.join(' ')}`, false, tools);
};

export const cmd: Handler<'CMD'> = (state, instruction, tools) => {
  const argv = commandOf(state, instruction);
  const next = withConfig({ ...state, cmdSet: true }, { Cmd: argv, ArgsEscaped: true });
  return withHistory(next, `CMD ${goQuotedList(argv)}`, false, tools);
};

/** A command of the base image was meant for the base image's entry point. */
export const entrypoint: Handler<'ENTRYPOINT'> = (state, instruction, tools) => {
  const argv = commandOf(state, instruction);
  const { Cmd: command, ...config } = state.image.config;
  const kept = state.cmdSet && command !== undefined ? { ...config, Cmd: command } : config;
  const next = withConfig({ ...state, image: { ...state.image, config: kept } }, { Entrypoint: argv });
  return withHistory(next, `ENTRYPOINT ${goQuotedList(argv)}`, false, tools);
};

export const shell: Handler<'SHELL'> = (state, { words }, tools) => {
  const argv = words.map(({ value }) => value);
  return withHistory(withConfig(state, { Shell: argv }), `SHELL [${argv.join(' ')}]`, false, tools);
};

export const healthcheck: Handler<'HEALTHCHECK'> = (state, { check }, tools) => {
  const test =
    check.type === 'NONE'
      ? ['NONE']
      : check.form === 'exec'
        ? ['CMD', ...check.words.map(({ value }) => value)]
        : ['CMD-SHELL', check.command.value];
  const none = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };
  const { interval, retries, startInterval, startPeriod, timeout } = check.type === 'NONE' ? none : check;
  const value: Healthcheck = {
    Test: test,
    ...(interval === 0 ? {} : { Interval: interval }),
    ...(timeout === 0 ? {} : { Timeout: timeout }),
    ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod }),
    ...(startInterval === 0 ? {} : { StartInterval: startInterval }),
    ...(retries === 0 ? {} : { Retries: retries }),
  };
  const times = [interval, timeout, startPeriod, startInterval].map((time) => goQuote(formatDuration(time)));
  // As Go prints the struct with `%q`: a number is a character.
  const text = `HEALTHCHECK &{${[goQuotedList(test), ...times, goQuoteRune(retries)].join(' ')}}`;
  return withHistory(withConfig(state, { Healthcheck: value }), text, false, tools);
};

export const expose: Handler<'EXPOSE'> = (state, { ports, range }, tools) => {
  const { file } = tools;
  const known = located(file, range, () =>
    parsePorts(ports.flatMap((word) => processWords(word.value, state.variables, { escape: file.escape }))),
  );
  const exposed = { ...state.image.config.ExposedPorts, ...Object.fromEntries(known.map((port) => [port, {}])) };
  return withHistory(
    withConfig(state, { ExposedPorts: exposed }),
    `EXPOSE [${known.toSorted().join(' ')}]`,
    false,
    tools,
  );
};

export const volume: Handler<'VOLUME'> = (state, { paths }, tools) => {
  const known = paths.map((word) => {
    const path = expand(state, word.value, word.range, tools);
    if (path === '') throw dockerfileError(tools.file, word.range, 'a volume has no path');
    return path;
  });
  const volumes = { ...state.image.config.Volumes, ...Object.fromEntries(known.map((path) => [path, {}])) };
  return withHistory(withConfig(state, { Volumes: volumes }), `VOLUME [${known.join(' ')}]`, false, tools);
};

export const user: Handler<'USER'> = (state, instruction, tools) => {
  const name = expand(state, instruction.user.value, instruction.user.range, tools);
  return withHistory(withConfig(state, { User: name }), `USER ${name}`, false, tools);
};

const SIGNAL = /^(?:(?:SIG)?(?:[A-Z]+\d*|RT(?:MIN|MAX)(?:[-+]\d{1,2})?)|[1-9]\d?)$/i;

export const stopsignal: Handler<'STOPSIGNAL'> = (state, { signal }, tools) => {
  const name = expand(state, signal.value, signal.range, tools);
  if (!SIGNAL.test(name))
    throw dockerfileError(tools.file, signal.range, `${JSON.stringify(name)} is not a signal`, {
      hint: 'write SIGTERM, TERM or 15',
    });
  return withHistory(withConfig(state, { StopSignal: name }), `STOPSIGNAL ${name}`, false, tools);
};

export const maintainer: Handler<'MAINTAINER'> = (state, { name }, tools) => {
  const next = { ...state, image: { ...state.image, author: name.value } };
  return withHistory(next, `MAINTAINER ${name.value}`, false, tools);
};

/** Kept for the stages and images that build upon this one; leaves no row in the history. */
export const onbuild: Handler<'ONBUILD'> = (state, { expression }) => {
  const triggers = [...state.triggers, expression];
  return withConfig({ ...state, triggers }, { OnBuild: triggers });
};

export const from: Handler<'FROM'> = (_state, { range }, { file }) => {
  throw dockerfileError(file, range, 'FROM begins a stage and cannot stand here');
};

/** Names a folder of the image for what follows, and makes it. */
export const workdir: Handler<'WORKDIR'> = (state, instruction, tools) => {
  const { path, text } = instruction;
  const wanted = expand(state, path.value, path.range, tools);
  const cwd = absolute(wanted, state.cwd);
  if (cwd.includes('\0')) throw new TareError('E_PATH', 'the working directory holds a zero byte');
  const next = withConfig({ ...state, cwd }, { WorkingDir: cwd });
  if (cwd === '/') return withHistory(next, `WORKDIR ${cwd}`, false, tools);
  const owner = state.image.config.User ?? '';
  return withHistory(
    {
      ...next,
      steps: state.steps + 1,
      vertex: {
        op: 'file',
        name: stepName(state, text, tools),
        where: placeOf(instruction, tools),
        root: state.vertex,
        actions: [{ kind: 'mkdir', path: cwd, mode: 0o755, ...(owner === '' ? {} : { owner }) }],
      },
    },
    `WORKDIR ${cwd}`,
    true,
    tools,
  );
};
