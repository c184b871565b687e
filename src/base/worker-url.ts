/**
 * Where a worker thread's script is: beside its caller. Workers are always started from `dist/`, also when the caller runs from `src/`
 * (tests), because Node 20 cannot load TypeScript. Call as `workerUrl(import.meta.url, './worker')`.
 */
export function workerUrl(callerUrl: string, relative: string): URL {
  if (!callerUrl.endsWith('.ts')) return new URL(`${relative}.js`, callerUrl);
  const source = new URL(`${relative}.js`, callerUrl);
  const cut = source.pathname.lastIndexOf('/src/');
  return new URL(`file://${source.pathname.slice(0, cut)}/dist/${source.pathname.slice(cut + '/src/'.length)}`);
}
