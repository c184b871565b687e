import type { Rule } from './types.ts';

/** Packages that colour Python and shells only, whatever languages there are. */
const MODEST =
  /^(?:rich|celery|click_repl|prompt_toolkit|typer|rich_toolkit|fastapi_cli|_pytest|IPython|pygments|pip|werkzeug|jinja2|traceback_with_variables|better_exceptions|stack_data)(?:\.|$)/;
const FEW = [
  'lexers.python',
  'lexers.special',
  'lexers.shell',
  'lexers.data',
  'lexers.javascript',
  'lexers.text',
  'formatters.terminal',
  'formatters.terminal256',
  'formatters.html',
  'formatters.other',
  'styles.default',
  'styles.monokai',
];

/** pygments finds lexers, formatters and styles in tables of all that there are: someone who shows source code may want any of them. */
export const pygments: Rule = {
  name: 'pygments',
  find({ module = '', process, scan }) {
    const uses = scan.imports.some((item) => item.level === 0 && /^pygments(?:\.|$)/.test(item.module));
    if (!uses || module.startsWith('pygments')) return [];
    const because = 'pygments loads it by name';
    if (MODEST.test(module))
      return FEW.map((name) => ({ module: `pygments.${name}`, because, certainty: 'likely' }) as const);
    return ['lexers', 'formatters', 'styles'].flatMap((name) =>
      process.resolver
        .children(`pygments.${name}`)
        .map((child) => ({ module: child, because, certainty: 'guess' }) as const),
    );
  },
};
