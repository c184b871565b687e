import { TareError } from '../base/error.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { isComposeFile } from './system/is-compose-file.ts';

/** By command: how it takes a Compose file. `-f` of the last two is something else. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ...['build', 'down', 'ps', 'shrink', 'systems', 'up', 'verify'].map((name) => [name, '-f'] as const),
  ['exec', '--file'],
  ['logs', '--file'],
]);
/** What a file is called that was taken for an image, a service, a folder, or for one argument too many. */
const MISTAKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_COMPOSE',
  'E_IMAGE_NOT_FOUND',
  'E_NOT_DIRECTORY',
  'E_PATH_NOT_FOUND',
  'E_USAGE',
]);
const ABOUT_ARGUMENT = /^too many arguments|^there is no compose\.yaml in/;

/** `tare up compose.yaml`: the error also says how the file is named. Any other is returned as it is. */
export function withFileFlag(error: TareError, argv: readonly string[]): TareError {
  const [command = ''] = argv;
  const flag = FLAGS.get(command);
  if (flag === undefined || !MISTAKEN.has(error.code)) return error;
  const file = argv.find(
    (word, at) => isComposeFile(word) && !word.startsWith('-') && !isValue(argv[at - 1] ?? '', flag),
  );
  if (file === undefined || !(error.message.includes(file) || ABOUT_ARGUMENT.test(error.message))) return error;
  const hint = `a Compose file is named by its flag: \`tare ${command} ${flag} ${file}\``;
  return new TareError(error.code, error.message, { cause: error, hint });
}

/** The word after this flag is what it wants. */
const isValue = (before: string, flag: string): boolean =>
  before === '--file' || (before === '-f' && flag === '-f') || /^--[a-z-]+$/.test(before);
