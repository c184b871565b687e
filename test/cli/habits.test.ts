import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse.ts';

/** What users of other tools type, and a part of what they are told. */
const HABITS: readonly (readonly [typed: string, cure: string])[] = [
  ['compose', 'here it is `tare up`'],
  ['compose up -d', 'here it is `tare up`'],
  ['compose stop', '`tare down` stops a Compose project'],
  ['compose config', '`tare systems export --compose --no-observe`'],
  ['compose ls', '`tare ps --all`'],
  ['compose nonsense', 'did you mean `tare up`?'],
  ['container ls', '`tare ps --all`'],
  ['image ls', 'did you mean `tare images`?'],
  ['image rm x', '`tare rm`'],
  ['system prune -a', 'here it is `tare prune`'],
  ['buildx build .', '`tare build -f Dockerfile`'],
  ['stop', '`tare down` stops a Compose project'],
  ['start', '`tare up -d` starts a Compose project'],
  ['restart web', '`tare down`, then `tare up -d`'],
  ['top', '`tare ps` shows the containers'],
  ['rmi x', 'did you mean `tare rm`?'],
  ['slim hello', 'did you mean `tare shrink`?'],
  ['dive hello', 'did you mean `tare layers`?'],
  ['version', 'did you mean `tare --version`?'],
  ['help stop', '`tare down` stops a Compose project'],
  ['stop --help', '`tare down` stops a Compose project'],
  ['biuld', 'did you mean `tare build`?'],
  ['-f compose.yaml ps', 'flags stand behind the command'],
  ['--project-name=shop ps', 'flags stand behind the command'],
  ['shrink -t hello:small hello', '--name NAME[:TAG]'],
  ['shrink --http-probe=false hello', '--probe http:8080/'],
  ['run --name x hello', 'services of a Compose file have one'],
  ['run --restart always hello', '`tare up` does it'],
  ['build --push .', '-o docker://HOST/NAME'],
  ['up --wait', '-d waits until all services are ready'],
  ['up --no-build', 'only what the store lacks is built'],
  ['docker-compose up -d', 'here it is `tare up`'],
  ['docker-compose ls', '`tare ps --all`'],
  ['volumes', '`tare down -v`'],
  ['exec -f compose.yaml web ls', '`tare exec --file FILE SERVICE COMMAND`'],
  ['up --attach web', '`tare logs -f SERVICE`'],
  ['down web', 'it stops all services of a project'],
  ['ps web', 'it shows all containers of a project'],
  ['down --rmi all', '`tare rm NAME`'],
  ['ps --format json', '--json answers in JSON'],
  ['inspect -f {{.Config}} hello', '--json answers in JSON'],
  ['layers --ci hello', '`tare check IMAGE`'],
  ['login -u me -p secret host', '--password-stdin'],
];

describe('what users of other tools type', () => {
  it.each(HABITS)('tare %s is answered with a cure', async (typed, cure) => {
    const parsed = parseCommandLine(typed.split(' '), { columns: 80 });
    await expect(parsed).rejects.toMatchObject({ code: 'E_USAGE', hint: expect.stringContaining(cure) as string });
  });

  it.each(['x', 'abracadabra'])('a command that is like no other, %s, is not guessed', async (typed) => {
    await expect(parseCommandLine([typed], { columns: 80 })).rejects.toMatchObject({
      hint: '`tare --help` lists all of them',
    });
  });

  it('another flag is not guessed from the spelling then', async () => {
    await expect(parseCommandLine(['build', '--push', '.'], { columns: 80 })).rejects.toMatchObject({
      message: "unknown option '--push'",
    });
  });

  it('exec takes -it, as docker exec does, and leaves the flags of the program alone', async () => {
    const parsed = await parseCommandLine(['exec', '-it', 'web', 'ls', '-it'], { columns: 80 });
    expect(parsed).toMatchObject({ kind: 'command', args: ['web', ['ls', '-it']], given: { tty: true } });
  });
});
