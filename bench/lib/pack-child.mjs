// DIR HOME COMPRESSION: walks the folder and packs it into the store, in a process of its own; prints what it took as JSON.
import { readFileSync } from 'node:fs';
import { createContext } from '../../dist/base/context.js';
import { packLayer, parseCompression } from '../../dist/pack/index.js';
import { openStore } from '../../dist/store/index.js';
import { contentReader } from '../../dist/tree/content.js';
import { treeOfDirectory } from '../../dist/tree/directory.js';

const [dir, home, compression] = process.argv.slice(2);
const began = performance.now();
const tree = await treeOfDirectory(dir);
const layer = await packLayer({
  entries: [...tree.walk()],
  content: contentReader({ layerTar: () => Promise.reject(new Error('nothing here is in a layer')) }),
  store: await openStore({ home }),
  compression: parseCompression(compression),
  epoch: 0,
  ctx: createContext(),
});
const seconds = (performance.now() - began) / 1000;
const { system, user } = process.cpuUsage();
const peak = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0) * 1024;
const { files, reused = false, tarSize, wire } = layer;
console.log(JSON.stringify({ seconds, cpu: (system + user) / 1e6, peak, files, tarSize, wire, reused }));
