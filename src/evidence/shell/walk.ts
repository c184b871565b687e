import {
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  type Redirect,
  type SyntaxNode,
  type Word,
} from 'unbash';

/** What runs in a process of its own: it changes nothing for the others. */
const SUBSHELLS: ReadonlySet<string> = new Set([
  'CommandExpansion',
  'Coproc',
  'Pipeline',
  'ProcessSubstitution',
  'Subshell',
]);

/** How a part of a script is reached. */
export interface Reach {
  /** Whenever the script runs to its end. */
  readonly certain: boolean;
  /** As a condition: the script goes on when it fails. */
  readonly tried: boolean;
}

/** What a script does, told in the order of its text. */
export interface ScriptVisitor {
  command(command: Command, reach: Reach): void;
  redirect(redirect: Redirect, reach: Reach): void;
  /** An operand of `[[ … ]]`. */
  tested(word: Word): void;
  assignment(assignment: Assignment): void;
  /** A function's name, or the variable of a loop with its words. */
  define(name: string): void;
  loop(name: string, words: readonly Word[]): void;
  /** Commands whose outputs are each other's inputs. */
  pipeline(commands: readonly SyntaxNode[]): void;
  /** What follows has its own working folder, and in a subshell its own variables, until the matching `leave`. */
  enter(subshell: boolean): void;
  leave(): void;
}

/** Visits everything in a script, commands within words and functions too. The parser limits how deep it can be nested. */
export function walkScript(script: ParsedScript, visitor: ScriptVisitor): void {
  visit(script, { certain: true, tried: false }, visitor);
}

function visit(node: SyntaxNode, reach: Reach, visitor: ScriptVisitor): void {
  const each = (child: SyntaxNode | undefined, how: Reach): void => {
    if (child !== undefined) visit(child, how, visitor);
  };
  const perhaps: Reach = { ...reach, certain: false };
  const tried: Reach = { ...reach, tried: true };
  switch (node.type) {
    case 'If':
      each(node.clause, tried);
      for (const part of [node.then, ...node.elif, node.else]) each(part, perhaps);
      return;
    case 'While':
      each(node.clause, tried);
      each(node.body, perhaps);
      return;
    case 'AndOr':
      for (const [at, command] of node.commands.entries()) each(command, at === 0 ? tried : perhaps);
      return;
    case 'Command':
      visitor.command(node, reach);
      break;
    case 'Redirect':
      visitor.redirect(node, reach);
      break;
    case 'Assignment':
      visitor.assignment(node);
      break;
    case 'TestUnary':
      visitor.tested(node.operand);
      break;
    case 'TestBinary':
      visitor.tested(node.left);
      visitor.tested(node.right);
      break;
    case 'Function':
      visitor.define(node.name.value);
      break;
    case 'Pipeline':
      visitor.pipeline(node.commands);
      break;
    case 'For':
      visitor.loop(node.name.value, node.wordlist ?? []);
      break;
  }
  const optional = ['Function', 'For', 'Select', 'ArithmeticFor', 'Case'].includes(node.type);
  const subshell = SUBSHELLS.has(node.type);
  const apart = subshell || node.type === 'Function' || node.type === 'CaseItem';
  if (apart) visitor.enter(subshell);
  forEachChild(node, (child) => each(child, optional ? perhaps : reach));
  if (apart) visitor.leave();
}
