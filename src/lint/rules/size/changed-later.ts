import { posix } from 'node:path';
import type { CopyInstruction, AddInstruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';
import { isWithin, pathsOf } from './paths.ts';
import { invocationOf, rangeOf } from './runs.ts';

/** Fewer bytes are not worth a line when the text of the step does not say what it changes. */
const MIN_REPEATED_BYTES = 1_000_000;

export const changedLater: Rule = {
  id: 'ChangedLater',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'Owners and modes are set when files are copied',
  why: 'chown and chmod in a later step write every file that they touch into a second layer, with all of its content.',
  cure: 'give owner and mode to the COPY: `COPY --chown=USER --chmod=MODE`',
  example: { bad: 'COPY . /app\nRUN chown -R 65532 /app', good: 'COPY --chown=65532 . /app' },
  fixable: false,
  measured: true,
  *check(_file, facts) {
    for (const stage of facts.chain) {
      const copied: { readonly path: string; readonly node: CopyInstruction | AddInstruction }[] = [];
      for (const node of stage.stage.instructions) {
        if (node.kind === 'COPY' || node.kind === 'ADD') {
          const { cwd } = facts.pointOf(node);
          const { value } = node.destination;
          if (!value.includes('$') && (value.startsWith('/') || cwd !== undefined))
            copied.push({ path: posix.resolve(cwd ?? '/', value), node });
        }
        const repeated = facts.layerOf(node)?.repeated;
        const script = node.kind === 'RUN' ? facts.scriptOf(node) : undefined;
        if (node.kind !== 'RUN' || script === undefined || repeated === 0) continue;
        const run = { run: node, script, stage };
        let isFound = false;
        for (const command of script.commands) {
          if (command.name !== 'chown' && command.name !== 'chmod') continue;
          const { flags, operands } = invocationOf({
            ...command,
            words: [{ text: command.name, constant: true, start: 0, end: 0 }, ...command.words],
          });
          const recursive = flags.some((flag) => /^-\w*R|^--recursive$/.test(flag));
          const path = operands.slice(1).flatMap(({ text }) => pathsOf(text))[0];
          const source = copied
            .slice(-MAX_COPIES)
            .find(
              (each) =>
                path !== undefined &&
                (each.path === path ||
                  (recursive && path !== '/' && isWithin(path, each.path)) ||
                  (each.path !== '/' && isWithin(each.path, path))),
            );
          if (source === undefined) continue;
          yield {
            message: `${command.name} writes what line ${source.node.range.start.line} copies into a second layer`,
            range: rangeOf(run, command, facts),
            ...(repeated === undefined || isFound ? {} : { bytes: repeated }),
          };
          isFound = true;
        }
        if (!isFound && repeated !== undefined && repeated >= MIN_REPEATED_BYTES)
          yield {
            message: 'this step writes files again of which the content is the same',
            range: node.keyword.range,
            bytes: repeated,
          };
      }
    }
  },
};

/** Of those before a step, that it is compared with. */
const MAX_COPIES = 200;
