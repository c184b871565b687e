import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { cli, interleaved, median, root, seconds } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const ORIGINAL = 'py-flask';
const CHROMIUM = '/usr/bin/chromium';
const SIZE = { width: 1280, height: 860 };
const STEPS = 60;
const FRAME_MS = 1000 / 60;

/**
 * The page of `tare explore` for an image of 20 000 files: how long it takes to make, to open in Chromium until everything is drawn, and how evenly the
 * treemap moves while it is zoomed and panned, by Chromium's own tracing.
 */
export async function run({ work, runs, log }) {
  const originals = process.env.TARE_ORIGINALS || join(root, '.originals');
  const missing = !existsSync(CHROMIUM)
    ? 'chromium is missing: script/bootstrap --all'
    : existsSync(join(originals, 'index.json'))
      ? undefined
      : 'there are no originals: script/originals';
  if (missing !== undefined) {
    log(missing);
    return { rows: [] };
  }
  const file = join(work, 'page.html');
  const env = { ...process.env, TARE_HOME: join(work, 'home') };
  const make = () => seconds(process.execPath, [cli, 'explore', `oci:${originals}:${ORIGINAL}`, '-o', file], { env });
  make();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const times = await interleaved({ make, open: () => opening(browser, file) }, runs);
    const frames = await moving(browser, file);
    const told = (subject, values, unit, atMost) =>
      row({ subject, value: median(values), values, unit, target: { of: 'value', atMost } });
    return {
      rows: [
        row({
          subject: 'page of 20k files, made again',
          value: times.make.median,
          values: times.make.values,
          unit: 's',
        }),
        row({ subject: 'its size', value: statSync(file).size / 1e6, unit: 'MB' }),
        told('its opening, until all is drawn', times.open.values, 's', 1),
        told('treemap zoomed and panned, between two frames', frames.intervals, 'ms', FRAME_MS * 1.05),
        row({
          subject: 'the same, work of the script in 95 of 100 frames',
          value: frames.work,
          unit: 'ms',
          target: { of: 'value', atMost: FRAME_MS / 2 },
        }),
      ],
    };
  } finally {
    await browser.close();
  }
}

/** Seconds from the start of the navigation to the second frame after the page says that it is open. */
async function opening(browser, file) {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('#page[data-state="open"]');
  const ms = await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))),
  );
  await page.close();
  return ms / 1000;
}

/** Milliseconds between frames that were drawn, and of the work of the script in each. */
async function moving(browser, file) {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('#page[data-state="open"]');
  await page.focus('canvas');
  const box = await page.locator('canvas').boundingBox();
  const [x, y] = [box.x + box.width / 3, box.y + box.height / 3];
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame'],
  });
  await page.evaluate(steer, { x, y, steps: STEPS });
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  await page.close();
  const drawn = traceEvents
    .filter(({ name }) => name === 'DrawFrame')
    .map(({ ts }) => ts / 1000)
    .sort((a, b) => a - b);
  const work = traceEvents
    .filter(({ name }) => name === 'FireAnimationFrame')
    .map(({ dur }) => dur / 1000)
    .sort((a, b) => a - b);
  return {
    intervals: drawn.slice(1).map((time, at) => time - drawn[at]),
    work: work[Math.floor(work.length * 0.95)],
  };
}

/** In the page: zooms in, pans and zooms out, one step a frame, so that frames and not messages between two processes are what is measured. */
async function steer({ steps, x, y }) {
  const canvas = document.querySelector('canvas');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const common = { bubbles: true, cancelable: true, clientX: x, clientY: y };
  for (const deltaY of [-8, 0, 8]) {
    for (let step = 0; step < steps; step++) {
      await frame();
      if (deltaY !== 0) canvas.dispatchEvent(new WheelEvent('wheel', { ...common, deltaY, ctrlKey: true }));
      else {
        const place = { ...common, pointerId: 1, clientX: x + step * 3, clientY: y + step * 2 };
        if (step === 0) canvas.dispatchEvent(new PointerEvent('pointerdown', place));
        canvas.dispatchEvent(new PointerEvent('pointermove', place));
      }
    }
    canvas.dispatchEvent(new PointerEvent('pointerup', { ...common, pointerId: 1 }));
  }
}
