import type { Bindings } from './bindings.ts';
import type { AnyNode } from './parse.ts';

/** Whether an expression is `require`, or a name made by `createRequire`. */
export function isRequire(node: AnyNode, bindings: Bindings): boolean {
  if (node.type === 'MemberExpression')
    return node.object.type === 'Identifier' && node.object.name === 'module' && keyOf(node) === 'require';
  if (node.type !== 'Identifier') return isCreateRequire(node);
  if (node.name === 'require') return true;
  const binding = bindings.get(node.name);
  return binding?.kind === 'value' && isCreateRequire(binding.init);
}

/** A call of `createRequire`, by whichever name its module goes. */
export function isCreateRequire(node: AnyNode): node is AnyNode & { type: 'CallExpression' } {
  if (node.type !== 'CallExpression') return false;
  const callee = node.callee.type === 'SequenceExpression' ? (node.callee.expressions.at(-1) as AnyNode) : node.callee;
  const name =
    callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' ? keyOf(callee) : undefined;
  return name !== undefined && /^_{0,2}(?:createRequire|createRequireFromPath)\d*$/.test(name);
}

/** The member's name when it is written down: `a.b`, `a['b']`. */
export function keyOf(node: AnyNode & { type: 'MemberExpression' }): string | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined;
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined;
}

/** `require.resolve`, `import.meta.resolve`. */
export function isResolve(callee: AnyNode): boolean {
  if (callee.type !== 'MemberExpression' || keyOf(callee) !== 'resolve') return false;
  if (callee.object.type === 'MetaProperty') return true;
  return callee.object.type === 'Identifier' && /^_?require\d?$/.test(callee.object.name);
}

/** `import('x').catch(…)`: the program is ready to do without. */
export function isCatch(node: AnyNode & { type: 'CallExpression' }): boolean {
  const { callee } = node;
  if (callee.type !== 'MemberExpression') return false;
  const key = keyOf(callee);
  return key === 'catch' || (key === 'then' && node.arguments.length > 1);
}

export function nameOfCallee(callee: AnyNode): string | undefined {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type === 'MemberExpression') return keyOf(callee);
  return callee.type === 'SequenceExpression' ? nameOfCallee(callee.expressions.at(-1) as AnyNode) : undefined;
}
