import type { Instruction } from '../../../formats/dockerfile/types.ts';
import type { ShellWord } from '../../shell/types.ts';
import type { Found, Rule } from '../../types.ts';
import { invocationOf, rangeOf, type Run } from './runs.ts';
import { joined } from './join-runs.ts';
import { createMadePaths, isMadeHere } from './made-paths.ts';
import { installedPackages, removedPackages } from './installed-packages.ts';
import { pathsOf } from './paths.ts';

/** Fewer bytes are not worth a line when the text of the step does not say what it deletes. */
const MIN_HIDDEN_BYTES = 100_000;

export const deletedLater: Rule = {
  id: 'DeletedLater',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'Files are deleted in the step that makes them',
  why: 'A layer is never made smaller by a later one: what is deleted there is hidden, and is pulled and stored all the same.',
  cure: 'delete it in the RUN that makes it, or make it in a stage of its own',
  example: {
    bad: 'RUN curl -fsSLo /tmp/tool.tgz https://example.org/tool.tgz && tar -xf /tmp/tool.tgz -C /opt\nRUN rm /tmp/tool.tgz',
    good: 'RUN curl -fsSLo /tmp/tool.tgz https://example.org/tool.tgz && tar -xf /tmp/tool.tgz -C /opt \\\n    && rm /tmp/tool.tgz',
  },
  fixable: true,
  measured: true,
  *check(file, facts) {
    const made = createMadePaths();
    const packages = new Map<string, Instruction>();
    for (const stage of facts.chain) {
      for (const node of stage.stage.instructions) {
        const script = node.kind === 'RUN' ? facts.scriptOf(node) : undefined;
        const hidden = facts.layerOf(node)?.hidden;
        if (node.kind === 'RUN' && script !== undefined && hidden !== 0) {
          const run = { run: node, script, stage };
          const found = [...deletions(run), ...removals(run)];
          for (const [at, each] of found.entries())
            yield at === 0 && hidden !== undefined ? { ...each, bytes: hidden } : each;
          if (found.length === 0 && hidden !== undefined && hidden >= MIN_HIDDEN_BYTES)
            yield {
              message: 'this step hides files of earlier layers, which stay in the image',
              range: node.keyword.range,
              bytes: hidden,
            };
          for (const name of installedPackages(script)) packages.set(name, node);
        }
        made.add(node, facts);
      }
    }

    function* deletions(run: Run): Iterable<Found> {
      const { commands } = run.script;
      for (const [at, command] of commands.entries()) {
        if (command.name !== 'rm') continue;
        for (const word of invocationWords(command.words)) {
          for (const path of pathsOf(word.text)) {
            const maker = isMadeHere(commands, at, path) ? undefined : made.maker(path);
            if (maker === undefined) continue;
            yield {
              message: `${word.text} is deleted here, but line ${maker.range.start.line} has put it into the image`,
              range: rangeOf(run, command.nested ? command : word, facts),
              ...joined(file, run, maker, facts),
            };
            break;
          }
        }
      }
    }

    function* removals(run: Run): Iterable<Found> {
      for (const { command, words } of removedPackages(run.script)) {
        const word = words.find(({ text }) => packages.has(text));
        const maker = word === undefined ? undefined : packages.get(word.text);
        if (word === undefined || maker === undefined) continue;
        yield {
          message: `${word.text} is removed here, but line ${maker.range.start.line} has put it into the image`,
          range: rangeOf(run, command.nested ? command : word, facts),
          ...joined(file, run, maker, facts),
        };
      }
    }
  },
};

function invocationWords(words: readonly ShellWord[]): readonly ShellWord[] {
  return invocationOf({
    name: 'rm',
    words: [{ text: 'rm', constant: true, start: 0, end: 0 }, ...words],
    start: 0,
    end: 0,
    nested: false,
  }).operands;
}
