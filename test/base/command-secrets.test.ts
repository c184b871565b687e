import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretsIn, withoutSecretWords } from '../../src/base/command-secrets.ts';

describe('secrets in commands', () => {
  it.each([
    ['RUN mysql -uroot -phunter2 -e "x"', 'RUN mysql -uroot -p*** -e "x"'],
    ['CMD ["mysql", "-u", "root", "-phunter2"]', 'CMD ["mysql", "-u", "root", "-p***"]'],
    ['mysqladmin --password=hunter2 ping', 'mysqladmin --password=*** ping'],
    ['app --db-password hunter2 --port 80', 'app --db-password *** --port 80'],
    ['["app","--token","abc123"]', '["app","--token","***"]'],
    ["app --api-key='a b c'x", "app --api-key='a b c'x"],
    ["app --api-key='abc'", "app --api-key='***'"],
    ['PGPASSWORD=hunter2 psql -h db', 'PGPASSWORD=*** psql -h db'],
    ['export NPM_TOKEN="abc" && npm ci', 'export NPM_TOKEN="***" && npm ci'],
    ['RUN |1 TOKEN=x /bin/sh -c make', 'RUN |1 TOKEN=*** /bin/sh -c make'],
    ['ENV DB_PASS=hunter2 SECRET_KEY_BASE=abc', 'ENV DB_PASS=*** SECRET_KEY_BASE=***'],
    ['sshpass -p hunter2 ssh host', 'sshpass -p *** ssh host'],
    ['docker login -u me -p hunter2 host', 'docker login -u me -p *** host'],
    ['curl -u me:hunter2 https://host/', 'curl -u me:*** https://host/'],
    ['curl -H "Authorization: Bearer abc.def" x', 'curl -H "Authorization: Bearer ***" x'],
    ['git clone https://me:hunter2@host/x', 'git clone https://me:***@host/x'],
    ['npm config set //registry/:_authToken=abc', 'npm config set //registry/:_authToken=***'],
    [`git clone x && echo ghp_${'a1'.repeat(18)}`, 'git clone x && echo ***'],
  ])('%s', (text, shown) => {
    expect(withoutSecretWords(text)).toBe(shown);
    expect(withoutSecretWords(shown)).toBe(shown);
  });

  it.each([
    'RUN mkdir -p /app && cp -pr a b',
    'RUN mysql -p"$PASSWORD" -e x',
    'RUN mysql -p -e x',
    'RUN PGPASSWORD=$PGPASSWORD psql',
    'RUN PGPASSWORD=${DB_PASSWORD} psql',
    'RUN PASSWORD=$(cat /run/secrets/p) app',
    'RUN PASSWORD="$(cat /run/secrets/p)" app',
    'docker login --password-stdin host',
    'app --password-file /run/secrets/p',
    'app --token-file=/run/secrets/p',
    'ENV PASSWORD_FILE=/run/secrets/p',
    'RUN --mount=type=secret,id=token,env=TOKEN make',
    'RUN --mount=type=secret,id=token,target=/x make --secret id=token',
    'tokenizer=fast make',
    'app:1 does not pass http GET 8080/x?token=…: status: expected 200, got 500',
    'curl -u "$USER:$PASS" https://host/',
    'RUN apt-get install -y libsecret-1-0 gnome-keyring',
    'RUN useradd --password "" app',
    'RUN adduser --disabled-password app',
  ])('none in: %s', (text) => {
    expect(withoutSecretWords(text)).toBe(text);
  });

  it('are in the order of the text, and do not overlap', () => {
    const words = fc.constantFrom(
      '--password=',
      ' ',
      'x',
      '-p',
      'mysql ',
      '"',
      "'",
      '=',
      'TOKEN',
      '$',
      '\\\n',
      ',',
      'https://a:b@c',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        let reached = 0;
        for (const { end, start } of secretsIn(text)) {
          expect(start).toBeGreaterThanOrEqual(reached);
          expect(end).toBeGreaterThan(start);
          reached = end;
        }
      }),
    );
  });

  it('are looked for in linear time', () => {
    for (const part of ['mysql -', 'a-', '--a-', 'TOKEN', 'docker login ', 'https://', '\\\n', 'curl "'])
      expect(withoutSecretWords(part.repeat(20_000)).length).toBeGreaterThan(0);
  });
});
