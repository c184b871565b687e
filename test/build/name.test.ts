import { describe, expect, it } from 'vitest';
import { imageName } from '../../src/build/name.ts';
import { parseImageName } from '../../src/oci/reference.ts';

describe('imageName', () => {
  it.each([
    [undefined, '@Scope/Thing', 'scope/thing:latest'],
    [undefined, 'Ünï..cöde--x__y', 'n-c-de--x__y:latest'],
    [undefined, '🤷', 'app:latest'],
    [undefined, 'oci', 'app:latest'],
    [undefined, undefined, 'folder:latest'],
    ['app', 'other', 'app:latest'],
    ['localhost:5000/team/app', undefined, 'localhost:5000/team/app:latest'],
    ['localhost:5000/team/app:1', undefined, 'localhost:5000/team/app:1'],
  ])('%s, %s', (told, project, expected) => {
    expect(imageName(told, project, '/some/folder')).toBe(expected);
  });

  it('is valid however long the name of the package is', () => {
    const name = imageName(undefined, 'a-'.repeat(1000), '/x');
    expect(parseImageName(name)).toBe(name);
  });

  it.each(['oci:app', 'docker-daemon:app', 'docker-archive:x', 'Upper Case', '', 'a:b:c'])('refuses %j', (told) => {
    expect(() => imageName(told, undefined, '/x')).toThrow(expect.objectContaining({ code: 'E_REFERENCE' }));
  });
});
