import { describe, expect, it } from 'vitest';
import { commandAnswer } from '../../src/sandbox/probes/answer.ts';
import { complaintsIn, listenForComplaints, newComplaints } from '../../src/verify/compare-complaints.ts';

const GONE = "Error: ENOENT: no such file or directory, open '/usr/share/words.txt'";

describe('complaintsIn', () => {
  it.each<[output: string, complaints: readonly string[]]>([
    ['listening on 8080\nGET / 200\n', []],
    [`starting\n${GONE}\nlistening\n`, [GONE]],
    [
      'libvips.so.42: cannot open shared object file: No such file',
      ['libvips.so.42: cannot open shared object file: No such file'],
    ],
    ['/app/run.sh: line 3: envsubst: command not found', ['/app/run.sh: line 3: envsubst: command not found']],
    ['sh: 1: envsubst: not found', ['sh: 1: envsubst: not found']],
    [
      'Caused by: java.lang.ClassNotFoundException: org.h2.Driver',
      ['Caused by: java.lang.ClassNotFoundException: org.h2.Driver'],
    ],
    ['node: symbol lookup error: x.so: undefined symbol: y', ['node: symbol lookup error: x.so: undefined symbol: y']],
    // Of a Python traceback the error, whatever it is.
    [
      'Traceback (most recent call last):\n  File "/app/x.py", line 1, in <module>\n    import y\nLookupError: no codec\nbye',
      ['LookupError: no codec'],
    ],
    ['Traceback (most recent call last):\n  File "/app/x.py"', []],
    [`\u001B[31m${GONE}\u001B[0m\r\n`, [GONE]],
    [`${GONE}\n${GONE}\n`, [GONE]],
  ])('%j', (output, complaints) => {
    expect(complaintsIn(output)).toEqual(complaints);
  });

  it('is not flooded', () => {
    const output = Array.from({ length: 5000 }, (_, index) => `ENOENT ${'x'.repeat(index)}`).join('\n');
    const found = complaintsIn(output);
    expect(found).toHaveLength(500);
    expect(Math.max(...found.map((line) => line.length))).toBeLessThanOrEqual(1000);
    expect(complaintsIn(`${'y'.repeat(1_000_000)} ENOENT`)).toEqual([]);
  });
});

it('listens to a container, piece by piece and each stream for itself', () => {
  const listener = listenForComplaints();
  const say = (stream: 'stderr' | 'stdout', text: string): void =>
    listener.onEvent({ kind: 'container.output', stream, text });
  say('stderr', 'Error: EN');
  say('stdout', 'listening\nno complaint');
  say('stderr', 'OENT: x\nModuleNotFound');
  say('stderr', 'Error: y');
  listener.onEvent({ kind: 'command.output', stream: 'stderr', text: 'ENOENT z\n' });
  expect(listener.complaints()).toEqual(['Error: ENOENT: x', 'ModuleNotFoundError: y']);
});

describe('newComplaints', () => {
  it.each<[what: string, original: readonly string[], small: readonly string[], found: readonly string[]]>([
    ['none', [], [], []],
    ['a new one', [], [GONE], [GONE]],
    ['what the original prints too', [GONE], [GONE], []],
    [
      'at another time, by another process',
      ['2024-05-01 10:00:00 [12] ENOENT 0x7fffdeadbeef a'],
      ['2024-05-01 10:00:07 [9] ENOENT 0x7fff01234567 a'],
      [],
    ],
    ['of another temporary file', ['ENOENT /tmp/npm-aXq/y'], ['ENOENT /tmp/npm-zzz/y'], []],
    ['about the same file in other words', [GONE], ['cat: /usr/share/words.txt: No such file or directory'], []],
    ['about another file', [GONE], [GONE.replace('words', 'names')], [GONE.replace('words', 'names')]],
  ])('%s', (_, original, small, found) => {
    expect(newComplaints({ complaints: original }, { complaints: small })).toEqual(found);
  });

  it('reads what commands print, and without a listener the end of the output', () => {
    const exec = [{ name: 'exec x', ok: true, ms: 1, answer: commandAnswer(0, 'ENOENT a\n', `${GONE}\n`) }];
    expect(newComplaints({ output: '' }, { output: 'ENOENT b\n', exec })).toEqual(['ENOENT b', 'ENOENT a', GONE]);
    expect(newComplaints({ exec }, { output: `${GONE}\n`, exec })).toEqual([]);
  });
});
