import type { Digest } from '../base/digest.ts';
import { moneyOf, type Price } from './retention/storage.ts';

/** Sizes in bytes: of the blob, and of the content of its files. */
export interface SystemLayer {
  readonly digest: Digest;
  readonly wire: number;
  readonly disk: number;
  /** Whether it holds files of the application itself, which change with each of its versions. */
  readonly isApplication: boolean;
}

/** The layers of one service, lowest first. */
export interface ServiceImages {
  readonly service: string;
  /** Of the original, which its Dockerfile builds again for each version. */
  readonly before: readonly SystemLayer[];
  /** Of the microcontainer, whose other layers come out the same as long as what they hold does. */
  readonly after: readonly SystemLayer[];
}

export interface SystemCostOptions {
  /** Of keeping. */
  readonly price?: Price;
  /** Of a gigabyte that is pulled; `perGbMonth` is per GB. */
  readonly pullPrice?: Price;
  /** In a month, of the whole system, or of a new version of one of its services. */
  readonly pulls?: number;
}

/** Bytes, each layer once however many services have it. */
export interface SystemSize {
  /** What a registry keeps. */
  readonly stored: number;
  /** What a machine that has nothing fetches to run all services. */
  readonly pull: number;
  /** What its disk holds then, uncompressed. */
  readonly disk: number;
  /** What a machine that has it all fetches when the application of one service has changed: on average over the services that have one. Null without any. */
  readonly update: number | null;
}

export interface SystemSide extends SystemSize {
  /** Money; null where no price is known. */
  readonly month: {
    readonly stored: number | null;
    /** Of all pulls of a month, if each were of that kind. */
    readonly pulls: { readonly whole: number; readonly update: number | null } | null;
  };
}

/** Of one service by itself. */
export type ServiceSize = Pick<SystemSize, 'pull' | 'disk' | 'update'>;

export interface ServiceCost {
  readonly service: string;
  readonly before: ServiceSize;
  readonly after: ServiceSize;
}

/** Plain data. */
export interface SystemCost {
  /** In the order in which they came. */
  readonly services: readonly ServiceCost[];
  readonly before: SystemSide;
  readonly after: SystemSide;
  /** What is left of each number of the original, in percent; above 100 when it has grown, null of nothing. */
  readonly percent: { readonly [K in keyof SystemSize]: number | null };
  readonly currency: string;
  readonly pulls: number | null;
  /** What the numbers rest on. */
  readonly assumes: readonly string[];
}

/**
 * What a system of several services costs before and after shrinking. A new version of an original changes its lowest layer with files of the application and all above
 * that, for a builder that runs a step again runs those after it too; of a microcontainer it changes the layers of the application.
 */
export function systemCost(services: readonly ServiceImages[], options: SystemCostOptions = {}): SystemCost {
  const rows = services.map(serviceCost);
  const sideOf = (which: 'before' | 'after'): SystemSide => {
    const all = unique(services.flatMap((service) => service[which]));
    const pull = wireOf(all);
    const size = { stored: pull, pull, disk: diskOf(all), update: averageOf(rows.map((row) => row[which].update)) };
    return { ...size, month: moneyFor(size, options) };
  };
  const [before, after] = [sideOf('before'), sideOf('after')];
  return {
    services: rows,
    before,
    after,
    percent: {
      stored: percentOf(before.stored, after.stored),
      pull: percentOf(before.pull, after.pull),
      disk: percentOf(before.disk, after.disk),
      update: percentOf(before.update, after.update),
    },
    currency: (options.price ?? options.pullPrice)?.currency ?? '',
    pulls: options.pulls ?? null,
    assumes: assumptions(options),
  };
}

function serviceCost({ after, before, service }: ServiceImages): ServiceCost {
  const lowest = before.findIndex(({ isApplication }) => isApplication);
  const changed = after.filter(({ isApplication }) => isApplication);
  // Where one of both is not told, there is nothing to compare.
  const hasApplication = lowest !== -1 && changed.length > 0;
  return {
    service,
    before: serviceSize(before, hasApplication ? before.slice(lowest) : undefined),
    after: serviceSize(after, hasApplication ? changed : undefined),
  };
}

function serviceSize(layers: readonly SystemLayer[], changed: readonly SystemLayer[] | undefined): ServiceSize {
  const all = unique(layers);
  return { pull: wireOf(all), disk: diskOf(all), update: changed === undefined ? null : wireOf(unique(changed)) };
}

function unique(layers: readonly SystemLayer[]): readonly SystemLayer[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
}

const wireOf = (layers: readonly SystemLayer[]): number => layers.reduce((sum, { wire }) => sum + wire, 0);
const diskOf = (layers: readonly SystemLayer[]): number => layers.reduce((sum, { disk }) => sum + disk, 0);

/** To the byte. */
function averageOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.round(known.reduce((sum, value) => sum + value, 0) / known.length);
}

function percentOf(before: number | null, after: number | null): number | null {
  return before === null || after === null || before === 0 ? null : (after / before) * 100;
}

function moneyFor(
  { pull, stored, update }: SystemSize,
  { price, pullPrice, pulls }: SystemCostOptions,
): SystemSide['month'] {
  return {
    stored: price === undefined ? null : moneyOf(stored, price),
    pulls:
      pullPrice === undefined || pulls === undefined
        ? null
        : {
            whole: moneyOf(pull * pulls, pullPrice),
            update: update === null ? null : moneyOf(update * pulls, pullPrice),
          },
  };
}

function assumptions({ price, pullPrice, pulls }: SystemCostOptions): string[] {
  return [
    'a registry, and a machine that runs all services, have each layer once; manifests and configs are not counted',
    'a new version of an original has new layers from the lowest one with a file of the application upwards; that of a microcontainer has new layers of the application alone',
    ...(pullPrice === undefined || pulls === undefined
      ? []
      : [
          `there are ${pulls} pulls a month: of the whole system by machines that have nothing, or of a new version of one service by machines that have the others`,
        ]),
    ...(price === undefined && pullPrice === undefined
      ? []
      : ['a gigabyte is 10^9 bytes; nothing is paid for requests']),
  ];
}
