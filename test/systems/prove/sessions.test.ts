import { expect, it } from 'vitest';
import { earOf } from '../../../src/systems/prove/sessions.ts';

it('an ear hears all that a service prints, and what it complains of', async () => {
  const told: string[] = [];
  const ear = earOf((text, stream) => told.push(`${stream} ${text}`));
  const say = (stream: 'stdout' | 'stderr', text: string): void => ear.output.put({ stream, bytes: Buffer.from(text) });
  say('stdout', 'listens\n');
  say('stderr', "Error: ENOENT: no such file or directory, open '/a'\n");
  say('stdout', 'done\n');
  ear.output.close();
  await ear.transcript.done;
  expect(told.map((text) => text.trim())).toEqual([
    'stdout listens',
    "stderr Error: ENOENT: no such file or directory, open '/a'",
    'stdout done',
  ]);
  expect(ear.transcript.tail()).toContain('done');
  expect(ear.complaints()).toEqual(["Error: ENOENT: no such file or directory, open '/a'"]);
});
