import { describe, expect, it } from 'vitest';
import { dockerfileOf } from '../../../src/explain/layers/dockerfile.ts';
import { parseDockerfile } from '../../../src/formats/dockerfile/index.ts';
import type { History, Image, RunConfig } from '../../../src/oci/types.ts';
import { imageOfConfig } from '../../helpers/test-image.ts';

function imageWith(history: readonly string[], config: RunConfig = {}, layers = 0): Image {
  const image = imageOfConfig(config);
  const rows: readonly History[] = history.map((created_by, at) => ({ created_by, empty_layer: at >= layers }));
  const digest = image.manifest.config.digest;
  const descriptors = Array.from({ length: layers }, () => ({ mediaType: 'x', digest, size: 1 }));
  return { ...image, manifest: { ...image.manifest, layers: descriptors }, config: { ...image.config, history: rows } };
}

/** The lines below FROM; all of it can be parsed. */
function linesOf(image: Image): readonly string[] {
  const text = dockerfileOf(image);
  expect(parseDockerfile(text, { file: 'Dockerfile' }).stages).toHaveLength(1);
  return text.split('FROM scratch\n')[1]?.trimEnd().split('\n') ?? [];
}

const LINES: readonly { readonly from: string; readonly to: string; readonly config?: RunConfig }[] = (
  [
    ['RUN /bin/sh -c a && b "x && y" && c # buildkit', 'RUN a \\\n    && b "x && y" \\\n    && c'],
    ['RUN /bin/sh -c set -e\ncat <<EOF\nEOF\n # buildkit', 'RUN <<EOFF\nset -e\ncat <<EOF\nEOF\nEOFF'],
    ['/bin/sh -c #(nop)  CMD ["node" "a b.js"]', 'CMD ["node", "a b.js"]'],
    ['/bin/sh -c #(nop)  ENTRYPOINT ["a" "\\"b"]', 'ENTRYPOINT ["a", "\\"b"]'],
    ['CMD node server.js', 'CMD node server.js'],
    ['SHELL [/bin/bash -c]', 'SHELL ["/bin/bash", "-c"]'],
    ['VOLUME [/data /logs]', 'VOLUME ["/data", "/logs"]'],
    ['EXPOSE map[443/tcp:{} 80/tcp:{}]', 'EXPOSE 443/tcp 80/tcp'],
    ['EXPOSE [8080/tcp]', 'EXPOSE 8080/tcp'],
    ['ENV A=b c D=e', 'ENV A="b c" D=e'],
    ['ENV A=b X=y', 'ENV A="b X=y"', { Env: ['A=b X=y'] }],
    ['ENV OLD form $x', 'ENV OLD="form \\$x"'],
    ['LABEL org.x.y=a b', 'LABEL org.x.y="a b"'],
    ['WORKDIR /app', 'WORKDIR /app'],
    ['something else\n# else', '# something else # else'],
    [
      'HEALTHCHECK &{["CMD-SHELL" "curl -f x"] "30s" "0s"}',
      'HEALTHCHECK --interval=30s --retries=3 CMD curl -f x',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 30e9, Retries: 3 } },
    ],
  ] as readonly (readonly [string, string, RunConfig?])[]
).map(([from, to, config]) => ({ from, to, ...(config === undefined ? {} : { config }) }));

describe('dockerfileOf', () => {
  it('shows no secrets of the config', () => {
    const text = dockerfileOf(
      imageWith(['ENV OLD_PASS=hunter2'], {
        Env: ['DB_PASS=hunter2', 'APP_CREDENTIALS=/hunter2'],
        Labels: { 'my-secret-token': 'hunter2' },
        Entrypoint: ['mysql', '-phunter2'],
        Cmd: ['app', '--password', 'hunter2'],
        Healthcheck: { Test: ['CMD', 'curl', '-u', 'me:hunter2', 'http://x'] },
      }),
    );
    expect(text).toContain('ENV DB_PASS=***\n');
    expect(text).not.toContain('hunter2');
  });

  it.each(LINES)('writes $from', ({ config, from, to }) => {
    expect(linesOf(imageWith([from], config)).join('\n')).toBe(to);
  });

  it('adds what the config has besides, and layers of which nothing is told', () => {
    const config = {
      Env: ['A=1', 'B=$2'],
      Cmd: ['x', 'y'],
      User: 'nobody',
      ExposedPorts: { '80/tcp': {} },
      Labels: { l: 'a"b' },
    };
    expect(linesOf(imageWith(['ENV A=1', 'USER nobody'], config))).toEqual([
      'ENV A=1',
      'USER nobody',
      'ENV B="\\$2"',
      'LABEL l="a\\"b"',
      'EXPOSE 80/tcp',
      'CMD ["x", "y"]',
    ]);
    expect(linesOf(imageWith(['bazel build ...', ''], {}, 2))).toEqual([
      '# bazel build ...',
      'ADD layer-0.tar /',
      '# the history does not tell',
      'ADD layer-1.tar /',
    ]);
    expect(linesOf(imageWith([], {}, 1))).toEqual(['# the history does not tell', 'ADD layer-0.tar /']);
  });

  it('lets no name or step become a directive or an instruction', () => {
    const image = { ...imageWith(['x\nRUN evil'], { User: 'a\nRUN evil' }), reference: 'x\nRUN evil' };
    expect(linesOf(image).filter((line) => line.startsWith('RUN'))).toEqual([]);
    expect(dockerfileOf(image).startsWith('# Reconstructed')).toBe(true);
  });
});
