import { describe, expect, it } from 'vitest';
import {
  instructionText,
  parseDockerfile,
  processWord,
  processWords,
  runScript,
  type TextState,
} from '../../../src/formats/dockerfile/index.ts';

function node(line: string) {
  const [, instruction] = parseDockerfile(`FROM a\n${line}`, { file: 'D' }).instructions;
  if (instruction === undefined) throw new Error('no instruction');
  return instruction;
}

const variables = new Map([
  ['A', 'x y'],
  ['P', '81 82/udp'],
]);
const state: TextState = {
  expand: (word) => processWord(word, variables).text,
  expandWords: (word) => processWords(word, variables),
};

describe('instructionText', () => {
  it.each<[string, TextState, string]>([
    ['RUN make $A', state, 'RUN /bin/sh -c make $A # buildkit'],
    ['RUN make', { shell: ['/bin/bash', '-ec'] }, 'RUN /bin/bash -ec make # buildkit'],
    ['RUN ["make", "a b"]', {}, 'RUN make a b # buildkit'],
    [
      'RUN make',
      {
        buildArgs: [
          ['V', '1'],
          ['W', ''],
        ],
      },
      'RUN |2 V=1 W= /bin/sh -c make # buildkit',
    ],
    ['RUN <<E\necho a\nE', {}, 'RUN /bin/sh -c echo a\n # buildkit'],
    ['RUN <<E\n#!/x\nE', {}, 'RUN /bin/sh -c /dev/pipes/E # buildkit'],
    ['RUN cat <<E\na\nE', {}, 'RUN /bin/sh -c cat <<E\na\nE # buildkit'],
    [
      'COPY --from=b --chown=1:2 --chmod=644 --link $A b /c/',
      state,
      'COPY --chown=1:2 --chmod=644 x y b /c/ # buildkit',
    ],
    ['COPY --parents a b', {}, 'COPY --parents a b # buildkit'],
    ['COPY a <<E /c/\nx\nE', {}, 'COPY a <<E /c/ # buildkit'],
    ['ADD a /b', {}, 'ADD a /b # buildkit'],
    ['ENV A=b C="$A" D=\'e\'', state, 'ENV A=b C=x y D=e'],
    ['ENV A b c', state, 'ENV A=b c'],
    ['LABEL a="b c"', state, 'LABEL a=b c'],
    ['ARG V W=1', {}, 'ARG V W=1'],
    [
      'ARG V W=1',
      {
        buildArgs: [
          ['V', '2'],
          ['W', '3'],
        ],
      },
      'ARG V=2 W=3',
    ],
    ['ARG V=$A', state, 'ARG V=x y'],
    ['CMD node "a"', {}, 'CMD ["/bin/sh" "-c" "node \\"a\\""]'],
    ['CMD ["node", "é\\u0007\\u200b"]', {}, 'CMD ["node" "é\\a\\u200b"]'],
    ['ENTRYPOINT []', {}, 'ENTRYPOINT []'],
    ['SHELL ["/bin/bash", "-c"]', {}, 'SHELL [/bin/bash -c]'],
    ['EXPOSE 90 80/udp $P', state, 'EXPOSE [81/tcp 82/udp 80/udp 90/tcp]'],
    ['EXPOSE 80 $P', {}, 'EXPOSE [$P 80]'],
    ['EXPOSE 80-81', {}, 'EXPOSE [80/tcp 81/tcp]'],
    ['VOLUME /a $A', state, 'VOLUME [/a x y]'],
    ['WORKDIR b', { workingDirectory: '/a/b' }, 'WORKDIR /a/b'],
    ['WORKDIR /$A', state, 'WORKDIR /x y'],
    ['USER u', {}, 'USER u'],
    ['STOPSIGNAL 9', {}, 'STOPSIGNAL 9'],
    ['MAINTAINER a b', {}, 'MAINTAINER a b'],
    [
      'HEALTHCHECK --interval=30s --retries=3 CMD curl x',
      {},
      'HEALTHCHECK {Test:[CMD-SHELL curl x] Interval:30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
    ],
    [
      'HEALTHCHECK NONE',
      {},
      'HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
    ['ONBUILD RUN x', {}, 'ONBUILD RUN x'],
  ])('writes %j', (line, given, expected) => {
    expect(instructionText(node(line), given)).toBe(expected);
  });
});

describe('runScript', () => {
  it.each([
    ['RUN <<-E\n\t#!/x\n\ty\n\tE', { kind: 'file', name: 'E', text: '#!/x\ny\n', command: '/dev/pipes/E' }],
    ['RUN <<-E\n\ta\n\tE', { kind: 'shell', text: 'a\n' }],
    ['RUN cat <<-E\n\ta\n\tE', { kind: 'shell', text: 'cat <<-E\n\ta\nE' }],
    ['RUN a', { kind: 'shell', text: 'a' }],
  ])('gives what %j starts', (line, expected) => {
    const run = node(line);
    if (run.kind !== 'RUN') throw new Error('no RUN');
    expect(runScript(run)).toEqual(expected);
  });
});
