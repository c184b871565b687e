import { canonicalFile } from '../../../src/formats/compose/canonical.ts';
import { interpolateNode } from '../../../src/formats/compose/interpolate-node.ts';
import { mergeFiles, withoutResets } from '../../../src/formats/compose/merge.ts';
import { plainValue, type MapNode } from '../../../src/formats/compose/node.ts';
import { parseComposeFile } from '../../../src/formats/compose/parse.ts';
import { createProblems, type Problems } from '../../../src/formats/compose/problems.ts';
import { readProjectDraft } from '../../../src/formats/compose/project.ts';
import type { Draft } from '../../../src/formats/compose/draft.ts';
import type { Warning } from '../../../src/base/events.ts';

export const ENV = { HOME: '/home/me', SET: 'value' };

export function treeOf(text: string, name = 'compose.yaml', problems: Problems = createProblems()): MapNode {
  return canonicalFile(interpolateNode(parseComposeFile(text, { name, dir: '/project' }), ENV, problems), problems);
}

/** Plain values of several files, merged. */
export function merged(...texts: readonly string[]): unknown {
  const trees = texts.map((text, index) => treeOf(text, `${index}.yaml`));
  return plainValue(withoutResets(trees.reduce(mergeFiles)));
}

/** The service `a` of a project that has it alone, out of its lines. */
export function draftOf(service: string): { readonly draft: Draft; readonly warnings: readonly Warning[] } {
  const problems = createProblems();
  const lines = service.split('\n').map((line) => `    ${line}`);
  const tree = treeOf(`services:\n  a:\n${lines.join('\n')}\n`, 'compose.yaml', problems);
  const around = { env: ENV, projectName: 'p' };
  const project = readProjectDraft(tree, around, problems);
  problems.raise();
  const draft = project.services.get('a');
  if (draft === undefined) throw new Error('no service was read');
  return { draft, warnings: problems.warnings() };
}
