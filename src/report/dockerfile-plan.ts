import type { DockerfilePlan } from '../build/dockerfile/types.ts';
import { platformText } from '../oci/platform.ts';
import { shortStep } from './build-dockerfile.ts';
import { formatSize, plural } from './format.ts';
import { printableLine } from './lint/printable.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

type Planned = DockerfilePlan['steps'][number];

/** `tare build -f --dry-run` for people: the steps in their order. */
export function dockerfilePlanText({ platform, steps }: DockerfilePlan): (style: Style) => string {
  return (style) => {
    const own = steps.filter(({ op }) => op === 'exec' || op === 'file');
    const cached = own.filter((step) => step.cached === true).length;
    const table = formatTable(
      [{ title: '  step' }, { title: 'cached', align: 'right' }, { title: 'why' }],
      own.map((step) => [`  ${printableLine(shortStep(step.name))}`, stateOf(step, style), printableLine(whyOf(step))]),
      style.dim,
    );
    return [
      `${plural(own.length, 'step')} for ${platformText(platform)}: ${cached} cached, ${own.length - cached} would run`,
      ...(own.length === 0 ? [] : ['', table]),
    ].join('\n');
  };
}

function stateOf({ cached, size }: Planned, style: Style): string {
  if (cached !== true) return style.yellow('would run');
  return style.dim(size === null || size === 0 ? 'empty' : formatSize(size));
}

function whyOf({ because, from, why }: Planned): string {
  if (from !== null) return `in the cache ${from}`;
  return [...because, ...(why === null ? [] : [why])].join('; ');
}
