import type { Command, Word } from 'unbash';
import { type ByteString, bytesOfText } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { Surroundings } from './process.ts';
import { findFile } from './search.ts';
import type { Reach } from './walk.ts';
import { type Scope, valuesOf, variable } from './words.ts';

/** What the commands of a script inherit, in the order of its text. A script and what it sources share one. */
export interface State {
  now: Surroundings;
  /** All variables go to the environment: `set -a`. */
  exportsAll: boolean;
}

const NAME = /^[A-Za-z_]\w*$/;

export function initialState(now: Surroundings): State {
  return { now, exportsAll: false };
}

/**
 * Lets a command change the state: `cd`, `export`, `unset`, `set -a`, assignments to what is exported.
 * A variable that is set under a condition does not replace what is set already.
 * @returns what this command itself inherits: its assignments in front of the name count for it alone
 */
export function stateFor(state: State, command: Command, reach: Reach, scope: Scope, tree: Tree): Surroundings {
  const prefix = command.prefix.flatMap((item) => (item.type === 'Assignment' ? [item] : []));
  const own: [string, ByteString][] = [];
  for (const { append, name, value } of prefix) {
    const [text] = value.type === 'Word' && append !== true ? valuesOf(value, scope) : [];
    if (text !== undefined) own.push([bytesOfText(name), text]);
  }
  const name = command.name?.value;
  if (name === undefined) {
    for (const [key, value] of own)
      if (state.exportsAll || Object.hasOwn(state.now.env, key)) setVariable(state, key, value, reach);
    return state.now;
  }
  const before = state.now;
  change(state, name, command, { reach, scope, tree });
  return own.length === 0 ? state.now : { ...before, env: { ...before.env, ...Object.fromEntries(own) } };
}

interface Within {
  readonly reach: Reach;
  readonly scope: Scope;
  readonly tree: Tree;
}

function change(state: State, name: string, command: Command, { reach, scope, tree }: Within): void {
  const words = command.args.filter((word): word is Word => word.type === 'Word');
  const options = words.filter((word) => /^[-+]/.test(word.text)).map((word) => word.text);
  switch (name) {
    case 'cd':
    case 'pushd': {
      const last = words.at(-1);
      const [text] = last === undefined ? [state.now.env['HOME'] ?? ''] : valuesOf(last, scope);
      const folder = text === undefined ? undefined : findFile(tree, text, [state.now.cwd])?.entry;
      if (folder?.type === 'directory') state.now = { ...state.now, cwd: folder.path };
      return;
    }
    case 'export':
      return exportAll(state, command, reach, scope);
    case 'declare':
    case 'typeset':
      return options.some((text) => /^-\w*x/.test(text)) ? exportAll(state, command, reach, scope) : undefined;
    case 'set':
      if (options.some((text) => /^-\w*a/.test(text)) || words.some((word) => word.text === 'allexport'))
        state.exportsAll = !options.some((text) => text.startsWith('+'));
      else if (options.some((text) => /^\+\w*a/.test(text))) state.exportsAll = false;
      return;
    case 'unset': {
      if (!reach.certain) return;
      const gone = new Set(words.map((word) => bytesOfText(word.text)));
      const left = Object.entries(state.now.env).filter(([key]) => !gone.has(key));
      state.now = { ...state.now, env: Object.fromEntries(left) };
    }
  }
}

function exportAll(state: State, command: Command, reach: Reach, scope: Scope): void {
  for (const item of command.args) {
    if (item.type === 'Assignment') {
      const [text] = item.value.type === 'Word' && item.append !== true ? valuesOf(item.value, scope) : [];
      if (text !== undefined) setVariable(state, bytesOfText(item.name), text, reach);
    } else if (NAME.test(item.text)) {
      const [text] = variable(item.text, scope);
      if (text !== undefined) setVariable(state, item.text, text, { ...reach, certain: false });
    }
  }
}

function setVariable(state: State, name: ByteString, value: ByteString, { certain }: Reach): void {
  if (!certain && Object.hasOwn(state.now.env, name)) return;
  state.now = { ...state.now, env: { ...state.now.env, [name]: value } };
}
