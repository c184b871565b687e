import { bytesOfText, showPath } from '../base/path.ts';
import type { Why } from '../explain/why.ts';
import { formatSize } from './format.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

/** One step a line, from the start to the path asked for. */
export function whyText(why: Why): (style: Style) => string {
  const show = (path: string): string => showPath(bytesOfText(path));
  return (style) => {
    const owner = why.package === undefined ? '' : style.dim(`  package ${why.package}`);
    if (isOfLayers(why)) return layersText(why, owner, style);
    if (!why.kept) {
      const because = why.dropped?.because ?? 'it was not offered';
      const told = [
        `${style.bold(show(why.path))} is not in the image${owner}`,
        `  ${because}`,
        `  ${formatSize(why.size)} saved`,
        ...originalLines(why, style),
      ];
      return told.join('\n');
    }
    const steps = why.chain.flatMap((step, index) => {
      const indent = '  '.repeat(index);
      const last = index === why.chain.length - 1;
      const path = `${indent}${index === 0 ? '  ' : '└ '}${show(step.path)}`;
      const shown = last ? path.slice(0, indent.length + 2) + style.bold(path.slice(indent.length + 2)) : path;
      const short = path.length + step.kind.length + step.because.length + 3 <= style.width;
      const reason = `${style.cyan(step.kind)} ${style.dim(step.because)}`;
      return short ? [`${shown}  ${reason}`] : [shown, `${indent}    ${reason}`];
    });
    return [`${style.bold(show(why.path))}  ${formatSize(why.size)}${owner}`, ...steps].join('\n');
  };
}

const LAYER_KINDS: ReadonlySet<string> = new Set(['made', 'changed', 'deleted']);
const isOfLayers = ({ chain }: Why): boolean => chain.length > 0 && chain.every(({ kind }) => LAYER_KINDS.has(kind));

function originalLines({ original }: Why, style: Style): readonly string[] {
  if (original === undefined) return [];
  return [`  in ${showPath(bytesOfText(original.reference))}`, ...layerLines(original.chain, style)];
}

const layerLines = (chain: Why['chain'], style: Style): readonly string[] =>
  chain.map(({ because, kind }) => wrapped(`  ${style.cyan(kind.padEnd(8))} ${because}`, style, 11));

/** What each layer did to the path, and what a deleted one still weighs. */
function layersText(why: Why, owner: string, style: Style): string {
  const title = style.bold(showPath(bytesOfText(why.path)));
  const lines = layerLines(why.chain, style);
  if (why.kept) return [`${title}  ${formatSize(why.size)}${owner}`, ...lines].join('\n');
  const rest = why.size === 0 ? '' : `, ${formatSize(why.size)} of it are still in the layers below`;
  return [`${title} is not in the image${rest}`, ...lines].join('\n');
}
