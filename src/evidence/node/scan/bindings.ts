import { type AnyNode, eachChild, type Program } from './parse.ts';

/** What a name stands for in one file. */
type Binding =
  /** `import x from 'm'`, `import {imported as x} from 'm'`; `*` for the namespace. */
  | { readonly kind: 'import'; readonly module: string; readonly imported: string }
  /** `const x = init`, or `let x` with one assignment. */
  | { readonly kind: 'value'; readonly init: AnyNode }
  /** `const {key: x} = of`. */
  | { readonly kind: 'member'; readonly of: AnyNode; readonly key: string }
  /** A parameter, a function, a name that is bound twice: nothing is known of its value. */
  | { readonly kind: 'unknown' };

export type Bindings = ReadonlyMap<string, Binding>;

const UNKNOWN: Binding = { kind: 'unknown' };

/**
 * The names of a file. Scopes are not told apart: a name that is bound in two places is unknown in all of them, which errs on the
 * safe side and is all that file names need.
 */
export function bindingsOf(program: Program): Bindings {
  const out = new Map<string, Binding>();
  const waiting = new Set<string>();
  const bind = (name: string, binding: Binding): void => {
    out.set(name, out.has(name) ? UNKNOWN : binding);
  };
  const bindPattern = (pattern: AnyNode | null | undefined, from?: AnyNode): void => {
    if (pattern === null || pattern === undefined) return;
    if (pattern.type === 'Identifier') bind(pattern.name, from === undefined ? UNKNOWN : { kind: 'value', init: from });
    else if (pattern.type === 'ObjectPattern') {
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') bindPattern(property.argument);
        else if (
          from !== undefined &&
          property.value.type === 'Identifier' &&
          property.key.type === 'Identifier' &&
          !property.computed
        )
          bind(property.value.name, { kind: 'member', of: from, key: property.key.name });
        else bindPattern(property.value);
      }
    } else if (pattern.type === 'ArrayPattern') for (const element of pattern.elements) bindPattern(element);
    else if (pattern.type === 'AssignmentPattern') bindPattern(pattern.left);
    else if (pattern.type === 'RestElement') bindPattern(pattern.argument);
  };
  const assign = (name: string, value: AnyNode | undefined): void => {
    if (waiting.delete(name) && value !== undefined && out.get(name)?.kind === 'unknown')
      out.set(name, { kind: 'value', init: value });
    else if (out.has(name)) out.set(name, UNKNOWN);
  };
  const visit = (node: AnyNode): void => {
    switch (node.type) {
      case 'ImportDeclaration':
        for (const item of node.specifiers) {
          const imported =
            item.type === 'ImportSpecifier'
              ? item.imported.type === 'Identifier'
                ? item.imported.name
                : String(item.imported.value)
              : item.type === 'ImportDefaultSpecifier'
                ? 'default'
                : '*';
          bind(item.local.name, { kind: 'import', module: String(node.source.value), imported });
        }
        return;
      case 'VariableDeclarator':
        if (node.init === null || node.init === undefined) {
          if (node.id.type === 'Identifier' && !out.has(node.id.name)) waiting.add(node.id.name);
          bindPattern(node.id);
        } else bindPattern(node.id, node.init);
        break;
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.left.type === 'VariableDeclaration') {
          for (const declarator of node.left.declarations) bindPattern(declarator.id);
          visit(node.right);
          visit(node.body);
          return;
        }
        break;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.type !== 'ArrowFunctionExpression' && node.id) bind(node.id.name, UNKNOWN);
        for (const parameter of node.params) bindPattern(parameter);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.id) bind(node.id.name, UNKNOWN);
        break;
      case 'CatchClause':
        bindPattern(node.param);
        break;
      case 'AssignmentExpression':
        if (node.left.type === 'Identifier') assign(node.left.name, node.operator === '=' ? node.right : undefined);
        break;
      case 'UpdateExpression':
        if (node.argument.type === 'Identifier') assign(node.argument.name, undefined);
        break;
      default:
    }
    eachChild(node, visit);
  };
  visit(program);
  return out;
}
