// Takes the pictures of docs/images and runs the commands of docs/aspnet-dissected.md again: see script/screenshots. With `--text`, the commands alone.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { smallPng } from './lib/small-png.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const HOME = join(resolve(process.env.TARE_STORIES || join(PROJECT, '.stories')), 'home');
const STORY = join(PROJECT, 'docs/aspnet-dissected.md');
const IMAGES = join(PROJECT, 'docs/images');
const [SDK, RUNTIME, SMALL] = ['aspnet:sdk-full', 'aspnet:full', 'aspnet:latest'];
const MAX_BYTES = 2e6;
const MAX_COLUMNS = 150;

/** Name of the picture, address of the view, width, and the colours. The treemap is there in three sizes and both schemes, the others once. */
const SHOTS = [
  ...[400, 1280, 3840].flatMap((width) =>
    ['light', 'dark'].map((scheme) => [`treemap-${width}-${scheme}`, 'small', 'treemap', width, scheme]),
  ),
  ['sdk-treemap', 'sdk', 'treemap', 1280, 'light'],
  ['sdk-layers', 'sdk', 'layers', 1280, 'light'],
  ['fate', 'small', 'treemap?of=original&by=fate', 1280, 'light'],
  ['why', 'small', 'why', 1280, 'light'],
  ['why-xml', 'small', 'why/usr/share/dotnet/shared/Microsoft.NETCore.App/3.1.2/System.Private.Xml.dll', 1280, 'dark'],
  ['diff', 'small', 'diff?by=package', 1280, 'light'],
  ['start-up', 'small', 'timeline', 1280, 'dark'],
  ['about', 'small', 'about', 400, 'light'],
];
const HEIGHTS = { 400: 860, 1280: 860, 3840: 2160 };

const cut = (line) => (line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS - 1)}…` : line);

process.exitCode = await main();

/** The exit code. */
async function main() {
  if (!existsSync(join(HOME, 'index.json'))) {
    process.stderr.write('script/screenshots: there are no images of the story: script/stories aspnet\n');
    return 3;
  }
  const work = mkdtempSync(join(tmpdir(), 'tare-screenshots-'));
  try {
    if (!process.argv.includes('--text')) await takeAll(makePages(work));
    writeFileSync(STORY, told(readFileSync(STORY, 'utf8')));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const bytes = readdirSync(IMAGES).reduce((sum, name) => sum + statSync(join(IMAGES, name)).size, 0);
  process.stderr.write(`${(bytes / 1e6).toFixed(2)} MB of pictures in docs/images\n`);
  return bytes > MAX_BYTES ? 1 : 0;
}

function tare(...args) {
  const env = { ...process.env, TARE_HOME: HOME, NO_COLOR: '1' };
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(PROJECT, 'dist/cli/main.js'), ...args], {
    cwd: PROJECT,
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`tare ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

function makePages(work) {
  const profile = join(work, 'aspnet.profile.json');
  tare('observe', RUNTIME, '--config', 'examples/aspnet/tare.yaml', '-o', profile, '-q');
  const pages = { sdk: join(work, 'sdk.html'), small: join(work, 'small.html') };
  tare('explore', SDK, '-o', pages.sdk);
  tare('explore', SMALL, '--against', SDK, '--profile', profile, '-o', pages.small);
  return pages;
}

async function takeAll(pages) {
  mkdirSync(IMAGES, { recursive: true });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    for (const [name, from, route, width, scheme] of SHOTS) {
      const viewport = { width, height: HEIGHTS[width] };
      const page = await browser.newPage({ viewport, colorScheme: scheme, reducedMotion: 'reduce' });
      await page.goto(`${pathToFileURL(pages[from]).href}#/${route}`);
      await page.waitForSelector('#page[data-state="open"]');
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      writeFileSync(join(IMAGES, `${name}.png`), smallPng(await page.screenshot()));
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

/** The story with the output of every `$ tare …` below it; long lines are cut. */
function told(text) {
  return text.replaceAll(/```console\n\$ tare ([^\n]*)\n[^]*?```/g, (_, command) => {
    const lines = tare(...command.split(' '))
      .trimEnd()
      .split('\n');
    return ['```console', `$ tare ${command}`, ...lines.map((line) => cut(line.trimEnd())), '```'].join('\n');
  });
}
