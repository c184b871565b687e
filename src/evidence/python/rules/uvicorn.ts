import { applicationOf, type Rule, type Wanted } from './types.ts';
import { optionValues } from './options.ts';

/** What `auto` tries (uvicorn/config.py: HTTP_PROTOCOLS, WS_PROTOCOLS, LIFESPAN, LOOP_SETUPS). */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  loops: ['auto', 'asyncio', 'uvloop'],
  'protocols.http': ['auto', 'h11_impl', 'httptools_impl'],
  'protocols.websockets': ['auto', 'websockets_impl', 'wsproto_impl', 'websockets_sansio_impl'],
  lifespan: ['on', 'off'],
};

/** uvicorn loads its event loop, protocols and the application by name. */
export const uvicorn: Rule = {
  name: 'uvicorn',
  modules: ['uvicorn.config', 'uvicorn.main'],
  find(place) {
    const out: Wanted[] = [];
    for (const [folder, names] of Object.entries(CHOICES))
      for (const name of names)
        out.push({
          module: `uvicorn.${folder}.${name}`,
          because: 'uvicorn loads its loop and protocols by name',
          certainty: 'likely',
        });
    const { command } = place.process.start;
    for (const { value } of optionValues(command.args, ['--log-config']))
      out.push(...place.fileNamed(value, 'the log configuration that uvicorn reads'));
    for (const { value } of optionValues(command.args, ['--env-file', '--ssl-keyfile', '--ssl-certfile']))
      out.push(...place.fileNamed(value, 'a file that uvicorn is given'));
    return place.module === 'uvicorn.main' ? [...out, ...applicationOf(place, 'uvicorn')] : out;
  },
};
