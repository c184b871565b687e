import { fromErrno, TareError } from '../../base/error.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { placeInFile } from '../../base/yaml-place.ts';
import { yamlValue } from '../../base/yaml.ts';
import type { Probe } from '../types.ts';
import { probesOfOpenapi } from './openapi/openapi.ts';
import { probeOfValue } from './parse.ts';

const MAX_FILE_BYTES = 10 * 1024 * 1024; // 10 MiB
const MAX_PROBES = 5000;

/**
 * The probes of a file: a YAML or JSON list of them in the shape of tare.yaml, or a map whose key `probes` holds the list.
 * @throws TareError E_CONFIG naming file and place; E_LIMIT; E_PATH_NOT_FOUND, E_PERMISSION, E_NOT_FILE
 */
export async function readProbeFile(file: string): Promise<readonly Probe[]> {
  return parseProbeFile(await textOf(file), file);
}

/** @throws TareError E_CONFIG, E_LIMIT */
export function parseProbeFile(text: string, file: string): readonly Probe[] {
  const read = yamlValue(text);
  if ('problem' in read) throw new TareError('E_CONFIG', `${file}${read.at}: ${read.problem}`);
  const { value } = read;
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const list: unknown = isMap && 'probes' in value ? value.probes : value;
  const place = isMap ? placeInFile(file, text).at('probes') : placeInFile(file, text);
  if (!Array.isArray(list))
    throw new TareError(
      'E_CONFIG',
      `${place.text()}: neither a list of probes nor a map with such a list under "probes"`,
      {
        hint: 'write `- {http: {port: 8080, path: /status}}`, one line a probe',
      },
    );
  if (list.length > MAX_PROBES) throw new TareError('E_LIMIT', `${file}: more than ${MAX_PROBES} probes`);
  return list.map((item, index) => probeOfValue(item, place.at(index)));
}

/**
 * A probe for every operation of an OpenAPI file. `told` is what the user wrote: FILE or PORT:FILE; `port` is the one for want of a written one.
 * @throws TareError E_OPENAPI; E_USAGE when no port is known; E_PATH_NOT_FOUND, E_PERMISSION, E_NOT_FILE, E_LIMIT
 */
export async function readOpenapi(
  told: string,
  options: { readonly port?: number | undefined; readonly anyStatus?: boolean },
): Promise<readonly Probe[]> {
  const written = /^(\d{1,5}):(.+)$/s.exec(told);
  const file = written?.[2] ?? told;
  const port = written === null ? options.port : Number(written[1]);
  if (port === undefined || port < 1 || port > 65535)
    throw new TareError('E_USAGE', `${told}: which port does this description belong to?`, {
      hint: `the image exposes none: write --openapi 8080:${file}`,
    });
  return probesOfOpenapi(await textOf(file), {
    port,
    where: file,
    ...(options.anyStatus === undefined ? {} : { anyStatus: options.anyStatus }),
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readSmallFile(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`, { hint: 'name a file of this machine that you may read' });
  }
}
