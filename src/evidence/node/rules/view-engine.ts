import { WILD } from '../scan/texts.ts';
import type { Rule } from './types.ts';

/** `app.set('view engine', 'pug')`: express requires the engine by the name of its files' extension (express, lib/view.js). */
export const viewEngine: Rule = {
  name: 'view-engine',
  wants: (_target, name, first) => name === 'set' && first?.type === 'Literal' && first.value === 'view engine',
  async find(call, place) {
    const engine = call.arguments[1];
    if (engine === undefined) return [];
    const names = call.value(engine).texts.filter((text) => !text.includes(WILD) && /^\.?[\w-]+$/.test(text));
    const found = [];
    for (const name of names) {
      const resolution = await place.resolver.resolve(name.replace(/^\./, ''), place.file, 'require');
      if (resolution.kind === 'found') found.push(...resolution.found);
    }
    return found.flatMap(({ manifests, path }) =>
      [path, ...manifests].map((path) => ({
        path,
        because: 'the view engine that express is told to use',
        certainty: 'likely' as const,
      })),
    );
  },
};
