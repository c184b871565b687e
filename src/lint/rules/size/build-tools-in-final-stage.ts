import type { Rule } from '../../types.ts';
import { isBuildPackage, TOOL_FOLDERS, toolsOfBase } from './build-packages.ts';
import { installations, removedPackages, virtualName } from './installed-packages.ts';
import { aptOf } from './apt.ts';
import { rangeOf, runsOf, type Run } from './runs.ts';

/** Names in one message. */
const MAX_NAMES = 4;

export const buildToolsInFinalStage: Rule = {
  id: 'BuildToolsInFinalStage',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The image carries no tools for building',
  why: 'Compilers and headers are often the larger part of an image. What runs does not need them, and whoever breaks in finds them useful.',
  cure: 'build in a stage of its own and copy the result, or install and remove them in one RUN',
  example: {
    bad: 'FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential',
    good: 'FROM debian:12 AS build\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential\nFROM debian:12-slim\nCOPY --from=build /out /usr/local',
  },
  fixable: false,
  measured: true,
  *check(_file, facts) {
    const [first] = facts.chain;
    const tools = first === undefined ? undefined : toolsOfBase(first.base);
    if (first !== undefined && tools !== undefined) {
      const { from } = first.stage;
      const layers = facts.layerOf(from);
      const bytes =
        layers === undefined ? undefined : layers.bytesOfPackages(isBuildPackage) + layers.bytesBelow(TOOL_FOLDERS);
      yield {
        message: `${from.image.value} brings ${tools}`,
        range: from.image.range,
        cure: 'take it for a stage that builds, and a smaller image for the last one',
        ...(bytes === undefined || bytes === 0 ? {} : { bytes }),
      };
    }
    for (const run of runsOf(facts.chain, facts)) {
      const names = new Set<string>();
      let range = run.run.command.range;
      for (const { command, words } of installations(run.script)) {
        const virtual = virtualName(command);
        for (const word of words) {
          if (!isBuildPackage(word.text.split('=', 1)[0] ?? '') || isRemoved(run, [word.text, ...virtual])) continue;
          if (names.size === 0) range = rangeOf(run, command.nested ? command : word, facts);
          names.add(word.text);
        }
      }
      if (names.size === 0) continue;
      const shown = [...names].slice(0, MAX_NAMES).join(', ');
      const rest = names.size > MAX_NAMES ? ` and ${names.size - MAX_NAMES} more` : '';
      const bytes = facts.layerOf(run.run)?.bytesOfPackages(isBuildPackage);
      yield {
        message: `${shown}${rest} ${names.size === 1 ? 'is' : 'are'} for building, and ${names.size === 1 ? 'stays' : 'stay'} in the image`,
        range,
        ...(bytes === undefined ? {} : { bytes }),
      };
    }
  },
};

/** In the same RUN, by name or with all that is no longer needed. */
function isRemoved({ script }: Run, names: readonly string[]): boolean {
  return removedPackages(script).some(
    ({ command, words }) =>
      words.some(({ constant, text }) => !constant || names.includes(text)) ||
      (aptOf(command) !== undefined && words.length === 0),
  );
}
