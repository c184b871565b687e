import type { Warning } from '../../base/events.ts';
import { isProxyArg, NON_ENVIRONMENT_ARGS, PLATFORM_ARGS } from '../../formats/dockerfile/build-args.ts';
import { closest } from '../../formats/dockerfile/closest.ts';
import type { ArgInstruction, Dockerfile, Instruction } from '../../formats/dockerfile/types.ts';

/** Arguments that builders know without an ARG (BuildKit, docs/reference: predefined ARGs and BuildKit built-in build args). */
const KNOWN: ReadonlySet<string> = new Set<string>([...PLATFORM_ARGS, ...NON_ENVIRONMENT_ARGS, 'SOURCE_DATE_EPOCH']);
const KNOWN_PREFIX = /^BUILDKIT_/;

/**
 * Values that the user gives to arguments which no ARG of the file declares: most likely a slip of the pen.
 * @param triggers instructions that base images bring along (ONBUILD)
 */
export function unusedArgs(
  file: Dockerfile,
  given: Iterable<string>,
  triggers: readonly Instruction[],
): readonly Warning[] {
  const own = file.stages.flatMap(({ instructions }) => instructions);
  const args = [...file.globals, ...[...own, ...triggers].filter(isArg)];
  const declared = [...new Set(args.flatMap((item) => item.args.map(({ key }) => key.value)))];
  const isUsed = (name: string): boolean =>
    declared.includes(name) || KNOWN.has(name) || KNOWN_PREFIX.test(name) || isProxyArg(name);
  return [...given]
    .filter((name) => !isUsed(name))
    .map((name): Warning => {
      const near = closest(name, declared);
      const clue =
        near !== undefined
          ? `did you mean ${near}?`
          : declared.length === 0
            ? 'it has no ARG'
            : `it has ${declared.slice(0, MAX_LISTED).join(', ')}`;
      return {
        code: 'build-arg-unused',
        message: `--build-arg ${name}: no ARG of ${file.file} declares it; ${clue}`,
      };
    });
}

const MAX_LISTED = 8;
const isArg = (instruction: Instruction): instruction is ArgInstruction => instruction.kind === 'ARG';
