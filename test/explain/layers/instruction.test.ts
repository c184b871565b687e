import { describe, expect, it } from 'vitest';
import { instructionOf } from '../../../src/explain/layers/instruction.ts';

const CASES: readonly (readonly [createdBy: string, instruction: string])[] = [
  // Docker's classic builder
  ['/bin/sh -c #(nop) ADD file:5b1ad0d7 in / ', 'ADD file:5b1ad0d7 /'],
  ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'],
  ['/bin/sh -c #(nop) COPY multi:9f in /usr/local/bin/ ', 'COPY multi:9f /usr/local/bin/'],
  ['/bin/sh -c apt-get update   && apt-get install -y x', 'RUN apt-get update && apt-get install -y x'],
  ['|2 A=1 B=two words /bin/sh -c make $A', 'RUN make $A'],
  ['/bin/bash -o pipefail -c a | b', 'RUN a | b'],
  // BuildKit
  ['RUN /bin/sh -c make # buildkit', 'RUN make'],
  ['RUN |1 VERSION=1.2 /bin/sh -c make $VERSION # buildkit', 'RUN make $VERSION'],
  ['RUN /bin/bash -eo pipefail -c make # buildkit', 'RUN make'],
  ['COPY . /app # buildkit', 'COPY . /app'],
  ['ENV A=b', 'ENV A=b'],
  ['RUN /bin/sh -c set -e\nmake\n # buildkit', 'RUN set -e make'],
  // buildah, kaniko, and what is no instruction
  ['/bin/sh -c echo "# buildkit" > x', 'RUN echo "# buildkit" > x'],
  ['RUN apk add curl', 'RUN apk add curl'],
  ['bazel build ...', 'bazel build ...'],
  ['', ''],
  // Passwords
  ['RUN /bin/sh -c curl --password=hunter2 x # buildkit', 'RUN curl --password=*** x'],
];

describe('instructionOf', () => {
  it.each(CASES)('reads %j', (createdBy, instruction) => {
    expect(instructionOf(createdBy)).toBe(instruction);
  });

  it('keeps the lines of a here-document when they are asked for', () => {
    expect(instructionOf('RUN /bin/sh -c set -e\nmake\n # buildkit', { lines: true })).toBe('RUN set -e\nmake');
  });

  it('takes its time from the length of a text, not from its form', () => {
    const hostile = [
      `|1 ${'/bin/sh '.repeat(20_000)}`,
      `/bin/sh ${'-a '.repeat(30_000)}`,
      `${' '.repeat(200_000)}# buildki`,
    ];
    for (const text of hostile) expect(instructionOf(text).length).toBeLessThanOrEqual(70_000);
  });
});
