import { describe, expect, it } from 'vitest';
import { hexOf, type Digest } from '../../../src/base/digest.ts';
import { attachedTo } from '../../../src/oci/attached-tag.ts';
import type { ReadNode } from '../../../src/ship/retention/node.ts';
import { planRetention } from '../../../src/ship/retention/plan.ts';

const digest = (number: number): Digest => `sha256:${number.toString(16).padStart(64, '0')}`;
const node = (number: number, more: Partial<ReadNode> = {}): ReadNode => ({
  digest: digest(number),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 1,
  blobs: [],
  manifests: [],
  ...more,
});

interface Case {
  readonly nodes: readonly ReadNode[];
  readonly tags: Readonly<Record<string, number>>;
  readonly pinned?: readonly number[];
  /** Keeps just these. */
  readonly keep: readonly string[];
  readonly stays: readonly string[];
  /** In the order in which they go. */
  readonly doomed: readonly number[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a manifest goes with its tag': {
    nodes: [node(1), node(2)],
    tags: { a: 1, b: 2 },
    keep: ['b'],
    stays: ['b'],
    doomed: [1],
  },
  'one that has another tag stays': { nodes: [node(1)], tags: { a: 1, b: 1 }, keep: ['b'], stays: ['b'], doomed: [] },
  'an index goes before its manifests': {
    nodes: [node(1), node(2, { manifests: [digest(1)] })],
    tags: { all: 2, old: 1 },
    keep: [],
    stays: [],
    doomed: [2, 1],
  },
  'what a kept index has stays': {
    nodes: [node(1), node(2, { manifests: [digest(1)] })],
    tags: { all: 2, old: 1 },
    keep: ['all'],
    stays: ['all'],
    doomed: [],
  },
  'a referrer goes before its subject': {
    nodes: [node(1), node(2, { subject: digest(1) }), node(3, { subject: digest(2) })],
    tags: { a: 1 },
    keep: [],
    stays: [],
    doomed: [3, 2, 1],
  },
  'the subject of a kept referrer stays': {
    nodes: [node(1), node(2, { subject: digest(1) })],
    tags: { image: 1, sbom: 2 },
    keep: ['sbom'],
    stays: ['sbom'],
    doomed: [],
  },
  'a referrer of an image without a tag stays with it, whatever becomes of its tag': {
    nodes: [node(1), node(2, { subject: digest(1) })],
    tags: { sbom: 2 },
    keep: [],
    stays: [],
    doomed: [],
  },
  'signatures under tags go and stay with their images': {
    nodes: [node(1), node(2), node(3), node(4)],
    tags: { a: 1, b: 2, [`sha256-${hexOf(digest(1))}.sig`]: 3, [`sha256-${hexOf(digest(2))}.sig`]: 4 },
    keep: ['b'],
    stays: ['b', `sha256-${hexOf(digest(2))}.sig`],
    doomed: [3, 1],
  },
  'so do those of signatures, and of the images of an index': {
    nodes: [node(1), node(2, { manifests: [digest(1)] }), node(3), node(4)],
    tags: { all: 2, [`sha256-${hexOf(digest(1))}.sig`]: 3, [`sha256-${hexOf(digest(3))}.att`]: 4 },
    keep: ['all'],
    stays: ['all', `sha256-${hexOf(digest(1))}.sig`, `sha256-${hexOf(digest(3))}.att`],
    doomed: [],
  },
  'a signature of an image that cannot be seen stays': {
    nodes: [node(1)],
    tags: { [`sha256-${hexOf(digest(9))}.sig`]: 1 },
    keep: [],
    stays: [`sha256-${hexOf(digest(9))}.sig`],
    doomed: [],
  },
  'what no tag leads to stays, with what it needs': {
    nodes: [node(1), node(2, { manifests: [digest(1)] })],
    tags: { a: 1 },
    keep: [],
    stays: [],
    doomed: [],
  },
  'what is pinned stays': { nodes: [node(1)], tags: { a: 1 }, pinned: [1], keep: [], stays: [], doomed: [] },
  'an image of an index that is not there is none to delete': {
    nodes: [node(2, { manifests: [digest(1)] })],
    tags: { all: 2 },
    keep: [],
    stays: [],
    doomed: [2],
  },
};

describe('the plan of a repository', () => {
  it.each(Object.entries(CASES))('%s', (_what, { doomed, keep, nodes, pinned = [], stays, tags }) => {
    const plan = planRetention(
      {
        repository: 'app',
        graph: new Map(nodes.map((item) => [item.digest, item])),
        tags: Object.entries(tags).map(([tag, number]) => ({ repository: 'app', tag, digest: digest(number) })),
        pinned: pinned.map(digest),
      },
      { newest: 0, tags: keep },
      0,
    );
    expect(plan.tags.filter((tag) => tag.keep).map(({ tag }) => tag)).toEqual([...stays]);
    expect(plan.doomed).toEqual(doomed.map(digest));
  });
});

describe('tags of other tools', () => {
  const hex = hexOf(digest(1));
  it.each([
    [`sha256-${hex}`, digest(1)],
    [`sha256-${hex}.sig`, digest(1)],
    [`sha256-${hex}.att`, digest(1)],
    [`sha256-${hex}.sbom`, digest(1)],
    [`sha512-${hex}${hex}.sig`, `sha512:${hex}${hex}`],
    [`sha256-${hex}.other`, undefined],
    [`sha256-${hex.slice(1)}`, undefined],
    ['latest', undefined],
  ])('%s', (tag, expected) => {
    expect(attachedTo(tag)).toBe(expected);
  });
});
