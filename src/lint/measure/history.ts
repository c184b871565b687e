import type { Instruction } from '../../formats/dockerfile/types.ts';
import type { ImageConfig } from '../../oci/types.ts';
import { runScript } from '../../formats/dockerfile/run.ts';
import type { StageFacts } from '../facts/types.ts';

/** Longer ones are compared by their first chars. */
const MAX_TEXT_CHARS = 64 * 1024;
/** Entries that are looked at for one instruction: with history of other files between, nothing fits anyway. */
const MAX_LOOKED_AT = 200;

/**
 * Which layer each instruction has made, by the history of the image: `created_by` holds the text of the instruction, in the form of BuildKit, of the
 * classic builder of docker, of buildah or of kaniko. It is gone through from the end, for the base image has history of its own.
 * @returns places among the layers, null for an instruction that left nothing and made none; empty when the image was not built from these stages
 */
export function layersOfInstructions(
  chain: readonly StageFacts[],
  config: ImageConfig,
): ReadonlyMap<Instruction, number | null> {
  const entries = entriesOf(config);
  const found = new Map<Instruction, number | null>();
  let next = entries.length - 1;
  const instructions = chain.flatMap(({ stage }) => stage.instructions).reverse();
  for (const instruction of instructions) {
    const at = findBack(entries, next, instruction);
    if (at === undefined) continue;
    next = at - 1;
    found.set(instruction, entries[at]?.layer ?? null);
  }
  return [...found.values()].every((layer) => layer === null) ? new Map() : found;
}

interface Entry {
  readonly kind: string;
  /** White space made one blank, arguments before the command left in. */
  readonly text: string;
  readonly layer: number | undefined;
}

function entriesOf({ history = [], rootfs }: ImageConfig): Entry[] {
  let layer = 0;
  const entries = history.map(({ created_by: createdBy = '', empty_layer: isEmpty }) => ({
    ...readEntry(createdBy.slice(0, MAX_TEXT_CHARS)),
    layer: isEmpty === true ? undefined : layer++,
  }));
  // History that does not pair up with the layers says nothing about them.
  return layer === rootfs.diff_ids.length ? entries : [];
}

const KEYWORDS =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+/i;

function readEntry(createdBy: string): { readonly kind: string; readonly text: string } {
  const text = collapsed(createdBy.replace(/# buildkit\s*$/, ''));
  const classic = /^(?:\/bin\/sh -c )?#\(nop\) (.*)$/.exec(text)?.[1]?.trim();
  const written = classic ?? text;
  const kind = KEYWORDS.exec(written)?.[1]?.toUpperCase();
  if (kind !== undefined) return { kind, text: written.slice(kind.length).trim() };
  return { kind: 'RUN', text: written };
}

function findBack(entries: readonly Entry[], from: number, instruction: Instruction): number | undefined {
  const fits = matcherOf(instruction);
  if (fits === undefined) return undefined;
  for (let at = from; at >= 0 && at > from - MAX_LOOKED_AT; at--) {
    const entry = entries[at];
    if (entry !== undefined && entry.kind === instruction.kind && fits(entry.text)) return at;
  }
  return undefined;
}

/** Undefined for what makes no layer. */
function matcherOf(instruction: Instruction): ((text: string) => boolean) | undefined {
  switch (instruction.kind) {
    case 'RUN': {
      const script = instruction.form === 'exec' ? undefined : runScript(instruction);
      const command = collapsed(
        script === undefined
          ? instruction.words.map(({ value }) => value).join(' ')
          : script.kind === 'file'
            ? script.command
            : script.text,
      );
      // Values of arguments, and the shell, stand before it.
      return (text) => text === command || text.endsWith(` ${command}`);
    }
    case 'COPY':
    case 'ADD': {
      const { value } = instruction.destination;
      const target = value.replace(/^["']|["']$/g, '').replace(/\/+$/, '');
      const last = target.slice(target.lastIndexOf('/') + 1);
      return (text) => value.includes('$') || text.replace(/\/+$/, '').endsWith(last);
    }
    case 'WORKDIR':
      return () => true;
    default:
      return undefined;
  }
}

function collapsed(text: string): string {
  return text.slice(0, MAX_TEXT_CHARS).replace(/\s+/g, ' ').trim();
}
