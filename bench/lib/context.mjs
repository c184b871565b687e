import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const WORDS =
  'return const layer index value error folder digest image step cache root entry name path mode size time file tree'.split(
    ' ',
  );

/**
 * The context of the twelve steps: a manifest, 2000 vendored files (about 20 MB, source text and what does not compress), 300 files of source, assets of
 * 4 MB, and settings. The same bytes every time.
 */
export function writeContext(dir) {
  const random = generator(12);
  const put = (path, bytes) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), bytes);
  };
  put('package.json', '{"name": "bench", "version": "1.0.0"}\n');
  for (let n = 0; n < 2000; n++) {
    const folder = `vendor/pkg-${n % 80}/lib-${n % 7}`;
    if (n % 10 === 0) put(`${folder}/${n}.md`, prose(random, 4096));
    else if (n % 25 === 1) put(`${folder}/${n}.bin`, noise(random, 120_000));
    else put(`${folder}/${n}.js`, prose(random, 1000 + (random() % 12_000)));
  }
  for (let n = 0; n < 300; n++) put(`src/part-${n % 12}/module-${n}.js`, prose(random, 500 + (random() % 8000)));
  for (let n = 0; n < 16; n++) put(`assets/image-${n}.bin`, noise(random, 250_000));
  put('config/app.conf', prose(random, 2000));
  put('config/start.sh', '#!/bin/sh\nexec cat /app/MANIFEST\n');
  put('Dockerfile', TWELVE_STEPS);
}

/** What an image build does when nothing is downloaded: copies, file work of a shell, a clean-up, and a last sum over everything. */
const TWELVE_STEPS = `FROM debian
WORKDIR /app
RUN echo 'app:x:1000:1000::/app:/bin/sh' >> /etc/passwd && mkdir -p /var/lib/app /var/log/app
COPY vendor vendor
RUN find vendor -name '*.md' -delete
RUN cp -a /usr/share/zoneinfo /usr/share/perl5 /var/lib/app/
COPY src src
RUN mkdir dist && cat src/*/*.js > dist/bundle.js && gzip -k -6 dist/bundle.js
RUN i=0; while [ $i -lt 300 ]; do echo "page $i" > dist/page-$i.html; i=$((i+1)); done
COPY assets dist/assets
RUN chmod -R go-w dist && chown -R 1000:1000 /var/lib/app
COPY config/start.sh config/app.conf /etc/app/
RUN rm -rf /usr/share/doc /var/cache/apt/* && find /app -type f | sort | xargs sha256sum > MANIFEST
CMD ["/bin/sh", "/etc/app/start.sh"]
`;

/** So many small files, 100 in a folder: about 2 KB each. */
export function writeManyFiles(dir, count) {
  const random = generator(50);
  for (let n = 0; n < count; n++) {
    const folder = join(dir, `d${Math.floor(n / 5000)}`, `e${Math.floor(n / 100)}`);
    if (n % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${n}.txt`), prose(random, 200 + (random() % 4000)));
  }
}

function prose(random, length) {
  const words = [];
  for (let size = 0; size < length;) {
    const word = random() % 9 === 0 ? random().toString(36) : WORDS[random() % WORDS.length];
    words.push(word);
    size += word.length + 1;
  }
  return `${words.join(' ')}\n`;
}

function noise(random, length) {
  const bytes = new Uint32Array(length >> 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = random();
  return new Uint8Array(bytes.buffer);
}

/** xorshift32: the same numbers for the same seed. */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}
