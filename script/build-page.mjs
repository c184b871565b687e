// Bundles the browser's code of src/page/ into dist/page/: one script and one style sheet, which the pages of `tare explore` carry in themselves.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const styles = join(root, 'src/page/styles');
const target = join(root, 'dist/page');

const bundle = await rolldown({
  input: join(root, 'src/page/main.ts'),
  tsconfig: join(root, 'src/page/tsconfig.json'),
});
const { output } = await bundle.generate({ format: 'iife', minify: true });
await bundle.close();
const [script, ...others] = output;
if (others.length > 0) throw new Error(`the page has ${output.length} scripts, not one`);

mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'page.js'), script.code);
writeFileSync(join(target, 'page.css'), minified(readdirSync(styles).sort().map(read).join('\n')));

function read(name) {
  return readFileSync(join(styles, name), 'utf8');
}

/** Without comments and the blanks between lines; no string of these sheets holds any. */
function minified(css) {
  return css
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}
