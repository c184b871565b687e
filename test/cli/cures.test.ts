import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS } from '../../src/cli/options.ts';
import { COMMANDS } from '../../src/cli/table.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Written in messages, but flags of other programs: of runtimes, builders, and the subjects of evidence. */
const FOREIGN =
  /\b(?:apt-get|buildkitd|systemd-run|npm|pip|python3?|node|docker|crun|runc|strace|ld\.so|skopeo|honest stream|mmdebstrap|COPY|ADD|RUN|FROM|HEALTHCHECK)\b/;

const flagsOf = new Map<string, ReadonlySet<string>>();
for (const line of COMMANDS) {
  const { options } = await line.load();
  const flags = [...options, ...GLOBAL_OPTIONS].flatMap(({ flags: text }) => text.match(/--?[a-z][a-z0-9-]*/gi) ?? []);
  // What one flag switches off, another may switch on.
  flagsOf.set(line.name, new Set([...flags, ...flags.map((flag) => flag.replace(/^--no-/, '--')), '--help', '-h']));
}
const anyFlag = new Set([...flagsOf.values()].flatMap((flags) => [...flags]));

interface Mention {
  readonly file: string;
  readonly text: string;
}

/** Texts between backticks (escaped ones, within a template, too) that begin with `tare `. */
const commands: Mention[] = [];
/** Strings that go to an error: its message and its hint. */
const errors: Mention[] = [];
for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!name.endsWith('.ts')) continue;
  const text = readFileSync(join(SRC, name), 'utf8');
  for (const [, command = ''] of text.matchAll(/\\?`(tare [^`\\]+)\\?`/g)) commands.push({ file: name, text: command });
  for (const [, message = ''] of text.matchAll(/hint:\s*(?:[\w.?= ]+\?\s*)?(['"`](?:\\.|[^\\])*?)['"`]\s*[,:}\n]/g))
    errors.push({ file: name, text: message });
}
const table = readFileSync(join(SRC, 'base/error-codes.ts'), 'utf8');
for (const [, hint = ''] of table.matchAll(/'((?:\\.|[^'\\])*)',?\s*\),/g))
  errors.push({ file: 'error-codes.ts', text: hint });

describe('what a text tells the user to type', () => {
  it('was found', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(errors.length).toBeGreaterThan(100);
  });

  it.each(commands.map(({ file, text }) => [text, file] as const))('`%s` of %s exists', (text) => {
    const [, command = '', ...words] = text.split(/\s+/);
    if (command === 'COMMAND' || /^(?:-|\$)/.test(command)) return;
    expect([...flagsOf.keys()]).toContain(command.replace(/[.,;:…]$/, ''));
    const own = words.filter((word) => !word.includes('${'));
    for (const word of own) {
      const flag = /^(--?[a-z][a-z-]*)/i.exec(word)?.[1];
      if (flag !== undefined) expect([...(flagsOf.get(command) ?? [])], text).toContain(flag);
    }
  });

  it.each(errors.map(({ file, text }) => [text, file] as const))(
    'each flag of the cure %j in %s exists',
    (text, file) => {
      // There, flags are those of instructions.
      if (FOREIGN.test(text) || file.startsWith('formats/dockerfile/')) return;
      for (const [, flag = ''] of text.matchAll(/(?:^|[\s'"(])(--[a-z][a-z-]*)/g)) expect([...anyFlag]).toContain(flag);
    },
  );
});
