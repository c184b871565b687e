import type { CheckResult, Evidence, RuleUnit } from '../../explain/check/types.ts';
import { formatSize } from '../format.ts';

/** What a rule is called in reports: `packages.forbid curl`. */
export function titleOf({ name, rule }: CheckResult): string {
  return name === undefined ? rule : `${rule} ${name}`;
}

export function valueText(value: number | string | undefined, unit: RuleUnit | undefined, isGrowth = false): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (unit === 'bytes') return isGrowth ? signedSize(value) : formatSize(value);
  if (unit === 'share') return `${Number((value * 100).toFixed(2))}%`;
  if (unit === 'days') return `${value} d`;
  return String(value);
}

export const isGrowth = ({ rule }: CheckResult): boolean => rule.startsWith('growth');

/** `+7.4 MB`, `-1.2 kB` */
export function signedSize(bytes: number): string {
  return `${bytes < 0 ? '-' : bytes > 0 ? '+' : ''}${formatSize(Math.abs(bytes))}`;
}

/** The bytes of a piece of evidence: how much it grew, else how much it has. */
export function bytesText({ bytes, delta }: Evidence): string {
  return delta === undefined ? (bytes === undefined ? '' : formatSize(bytes)) : signedSize(delta);
}

export function placeText({ line, path, package: owner }: Evidence): string {
  const where = path === undefined ? undefined : line === undefined ? path : `${path}:${line}`;
  return [where, owner].filter((part) => part !== undefined).join(', of ');
}

/** One line for formats that have room for no more. */
export function evidenceLine(evidence: Evidence): string {
  const { instruction, layer, note } = evidence;
  return [
    bytesText(evidence),
    placeText(evidence),
    note === undefined ? '' : note,
    layer === undefined ? '' : `layer ${layer}${instruction === undefined ? '' : ` (${instruction})`}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
