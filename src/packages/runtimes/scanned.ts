import { textOfBytes } from '../../base/path.ts';
import { scanFor, type Mark } from './scan.ts';
import type { RuntimeRule } from './types.ts';

interface ScannedOptions {
  readonly name: string;
  /** Names of programs; of libraries that hold the run time when the program is small. */
  readonly program: RegExp;
  readonly library?: RegExp;
  /** Smallest file that can be one, in bytes: the programs of most distributions only load the library. */
  readonly atLeast: number;
  /** The first that is found counts. */
  readonly marks: readonly Mark[];
}

/** A run time whose version stands in its binary. */
function scanned({ atLeast, library, marks, name, program }: ScannedOptions): RuntimeRule {
  return {
    looks: (entry, file) =>
      entry.size >= atLeast && (library?.test(file) === true || (program.test(file) && (entry.mode & 0o111) !== 0)),
    read: async (entry, { content }) => {
      for (const mark of marks) {
        const version = await scanFor(content, entry, mark);
        if (version !== undefined) return { name, version, path: textOfBytes(entry.path) };
      }
      return undefined;
    },
  };
}

export const node = scanned({
  name: 'node',
  program: /^node(?:js)?$/,
  library: /^libnode\.so(?:\.\d+)*$/,
  atLeast: 5e6,
  marks: [
    // The address of its release: `https://nodejs.org/download/release/v20.1.0/node-v20.1.0.tar.gz`; distributions leave it out.
    { text: '/node-v', version: /^\/node-v(\d+\.\d+\.\d+)/ },
    // `process.version`.
    { text: '\0v', version: /^\0v(\d{1,2}\.\d{1,3}\.\d{1,3})\0/ },
  ],
});

export const python = scanned({
  name: 'python',
  program: /^python[23](?:\.\d+)?[a-z]{0,3}$/,
  library: /^libpython[23]\.\d+[a-z]{0,3}\.so(?:\.\d+)*$/,
  atLeast: 1e6,
  // `PY_VERSION`.
  marks: [
    { text: '\x003.', version: /^\0(3\.\d{1,2}\.\d{1,3}(?:(?:a|b|rc)\d+)?\+?)\0/ },
    { text: '\x002.7.', version: /^\0(2\.7\.\d{1,3}(?:(?:a|b|rc)\d+)?\+?)\0/ },
  ],
});

export const ruby = scanned({
  name: 'ruby',
  program: /^ruby[\d.]*$/,
  library: /^libruby[-\d.]*\.so(?:\.\d+)*$/,
  atLeast: 1e6,
  // `RUBY_DESCRIPTION`, with the day of the release behind.
  marks: [{ text: 'ruby ', version: /^ruby (\d+\.\d+\.\d+[a-z\d]*) \(\d{4}-\d{2}-\d{2}/ }],
});

export const php = scanned({
  name: 'php',
  program: /^php(?:-fpm|-cgi)?[\d.]*$/,
  library: /^libphp[\d.]*\.so$/,
  atLeast: 1e6,
  // The header of its answers.
  marks: [{ text: 'PHP/', version: /^PHP\/(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+)?)/ }],
});

export const perl = scanned({
  name: 'perl',
  program: /^perl[\d.]*$/,
  library: /^libperl\.so(?:\.\d+)*$/,
  atLeast: 1e6,
  // `PERL_VERSION_STRING`.
  marks: [{ text: '\0v5.', version: /^\0v(5\.\d{1,3}\.\d{1,3})\0/ }],
});
