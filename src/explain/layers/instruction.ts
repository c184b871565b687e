import { withoutSecretWords } from '../../base/command-secrets.ts';

/** What Docker's classic builder puts before everything that is no RUN. */
const NOP = /^(?:\/bin\/sh|cmd|powershell(?:\.exe)?)(?: \/S)? (?:-c|\/C|-Command) #\(nop\)\s+/i;
const BUILDKIT = ' # buildkit';
/** `|2 A=b C=d ` before a command: the build arguments that it saw. Their values may hold spaces, so that the shell behind them is looked for. */
const ARGUMENTS = /^\|\d+ .*?(?=\/bin\/[a-z]*sh -)/s;
/** `/bin/sh -c`, `/bin/bash -o pipefail -c`, `/bin/bash -exo pipefail -c` */
const SHELL = /^\/bin\/[a-z]*sh (?:-[a-z]+ (?:pipefail )?){0,4}?-[a-z]*c\s+/;
/** What a Dockerfile can say. */
const KEYWORD =
  /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|$)/;
/** Longer texts are cut: they are read by people. */
const MAX_CHARS = 64 * 1024;

/**
 * The instruction behind a row of the history, as people write it: without the shell and the marks of the builder (Docker's classic one, BuildKit, buildah,
 * kaniko), and with passwords masked. What is no instruction (`bazel build …`) stays as it is.
 * @param options.lines keeps the lines of what was a here-document; else all is on one line
 */
export function instructionOf(createdBy: string, options: { readonly lines?: boolean } = {}): string {
  const trimmed = createdBy.slice(0, MAX_CHARS).trim();
  const text = cleaned(trimmed.endsWith(BUILDKIT) ? trimmed.slice(0, -BUILDKIT.length).trimEnd() : trimmed);
  const shown = options.lines === true ? text : text.replaceAll(/\s+/g, ' ');
  return withoutSecretWords(shown).trim();
}

function cleaned(text: string): string {
  const nop = text.replace(NOP, '');
  if (nop !== text) return nop.replace(/^(COPY|ADD)\s+(.+) in (\S+)\s*$/s, '$1 $2 $3');
  if (/^RUN\s/.test(text)) return `RUN ${commandOf(text.slice(4).trim())}`;
  if (KEYWORD.test(text)) return text;
  const command = commandOf(text);
  return command === text ? text : `RUN ${command}`;
}

function commandOf(text: string): string {
  const bare = text.startsWith('|') ? text.replace(ARGUMENTS, '') : text;
  return bare.replace(SHELL, '').trim();
}

/** Whether the text is an instruction that a Dockerfile can have. */
export const isInstruction = (text: string): boolean => KEYWORD.test(text);
