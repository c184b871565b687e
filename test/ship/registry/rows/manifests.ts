import { DOCKER_LIST, DOCKER_MANIFEST, FIXTURES, OCI_INDEX, OCI_MANIFEST } from '../fixtures.ts';
import type { Row, Step } from '../runner.ts';

const at = (reference: string): string => `/v2/{repo}/manifests/${reference}`;
const ALL = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].join(', ');
const get = (reference: string, expect: Step['expect'], accept: string | undefined = ALL): Step => ({
  method: 'GET',
  path: at(reference),
  expect,
  headers: { accept },
});
const put = (name: string, reference: string, expect: Step['expect']): Step => ({
  method: 'PUT',
  path: at(reference),
  body: name,
  expect,
});
const served = (name: string): Step['expect'] => ({
  status: 200,
  body: name,
  headers: {
    'content-type': FIXTURES[name]?.mediaType ?? '',
    'content-length': String(FIXTURES[name]?.bytes.length),
    'docker-content-digest': `{${name}}`,
  },
});
const created = (name: string): Step['expect'] => ({
  status: 201,
  headers: { location: /\/v2\/row\/.*\/manifests\//, 'docker-content-digest': `{${name}}` },
});
const accepted = (name: string): Row => ({
  what: `PUT of ${name}, by digest and by tag`,
  given: FIXTURES[name]?.needs ?? [],
  steps: [
    put(name, `{${name}}`, created(name)),
    put(name, 'latest', created(name)),
    get(`{${name}}`, served(name), FIXTURES[name]?.mediaType),
    {
      method: 'HEAD',
      path: at('latest'),
      headers: { accept: FIXTURES[name]?.mediaType ?? '' },
      expect: { ...served(name), body: '' },
    },
  ],
});
const refused = (name: string, code: string, status = 400): Row => ({
  what: `PUT of ${name} is refused`,
  given: FIXTURES[name]?.needs ?? [],
  steps: [
    put(name, 'latest', { status, code }),
    { method: 'HEAD', path: at('latest'), expect: { status: 404 }, headers: { accept: '*/*' } },
  ],
});

/** distribution-spec 1.1: end-3, end-7, end-9. */
export const MANIFEST_ROWS: readonly Row[] = [
  ...[
    'image',
    'docker',
    'dockerList',
    'index',
    'nestedIndex',
    'emptyIndex',
    'artifactIndex',
    'artifact',
    'artifactWithoutLayers',
    'customConfig',
    'noLayers',
    'customFields',
    'data',
    'signature',
    'signature2',
    'imageOfSubject',
    'withoutMediaType',
    'large',
    'indexOfSubject',
    'ofMissingSubject',
    'foreignLayers',
    'sha512Image',
    'oras',
    'custom',
  ].map(accepted),
  refused('absentLayer', 'MANIFEST_BLOB_UNKNOWN'),
  refused('liar', 'MANIFEST_INVALID'),
  refused('twofold', 'MANIFEST_INVALID'),
  refused('badDigest', 'MANIFEST_INVALID'),
  refused('schema1', 'MANIFEST_INVALID'),
  refused('text', 'MANIFEST_INVALID'),
  refused('deep', 'MANIFEST_INVALID'),
  refused('deepCustom', 'MANIFEST_INVALID'),
  refused('tooLarge', 'SIZE_INVALID', 413),
  {
    what: 'PUT of an index of which a platform is missing: accepted, with a warning',
    given: ['image'],
    steps: [put('sparseIndex', 'latest', { status: 201, headers: { warning: /^299 - "1 of what/ } })],
  },
  {
    what: 'PUT by a digest of sha512',
    given: ['config', 'layer'],
    steps: [
      put('image', '{image@sha512}', { status: 201, headers: { 'docker-content-digest': '{image@sha512}' } }),
      get('{image@sha512}', { status: 200, body: 'image', headers: { 'docker-content-digest': '{image@sha512}' } }),
    ],
  },
  {
    what: 'PUT by the digest of another manifest',
    given: ['config', 'layer'],
    steps: [put('image', '{image2}', { status: 400, code: 'DIGEST_INVALID' }), get('{image2}', { status: 404 })],
  },
  {
    what: 'PUT by a malformed digest',
    given: ['config', 'layer'],
    steps: [put('image', 'sha256:baddigeststring', { status: 400, code: 'DIGEST_INVALID' })],
  },
  {
    what: 'GET by a malformed digest',
    given: ['image'],
    steps: [get('sha256:baddigeststring', { status: 400, code: 'DIGEST_INVALID' })],
  },
  {
    what: 'PUT with a subject says so, also when the subject is missing',
    given: ['image', 'empty', 'layer'],
    steps: [
      put('signature', '{signature}', { status: 201, headers: { 'oci-subject': '{image}' } }),
      put('ofMissingSubject', '{ofMissingSubject}', { status: 201, headers: { 'oci-subject': /^sha256:/ } }),
      put('image', 'latest', { status: 201, headers: { 'oci-subject': null } }),
    ],
  },
  {
    what: 'PUT by digest with tags',
    given: ['config', 'layer'],
    steps: [
      put('image', '{image}?tag=one&tag=two', { status: 201, headers: { 'oci-tag': /^one, ?two$/ } }),
      get('one', served('image')),
      get('two', served('image')),
    ],
  },
  {
    what: 'PUT by digest with a tag that is none',
    given: ['config', 'layer'],
    steps: [put('image', '{image}?tag=.one', { status: 400 }), get('{image}', { status: 404 })],
  },
  {
    what: 'PUT by digest with too many tags',
    given: ['config', 'layer'],
    steps: [put('image', `{image}?${Array.from({ length: 100 }, (_, n) => `tag=t${n}`).join('&')}`, { status: 414 })],
  },
  {
    what: 'a tag moves',
    given: ['image:latest', 'config', 'other'],
    steps: [
      put('image2', 'latest', created('image2')),
      get('latest', served('image2')),
      get('{image}', served('image')),
    ],
  },
  {
    what: 'GET of an unknown tag',
    given: ['image'],
    steps: [get('nothing', { status: 404, code: 'MANIFEST_UNKNOWN' })],
  },
  {
    what: 'GET of an unknown digest',
    given: ['image'],
    steps: [get('{image2}', { status: 404, code: 'MANIFEST_UNKNOWN' })],
  },
  {
    what: 'GET of a manifest that another repository has',
    given: ['other/image', 'config'],
    steps: [get('{image}', { status: 404, code: 'MANIFEST_UNKNOWN' })],
  },
  {
    what: 'GET from an unknown repository',
    steps: [get('latest', { status: 404, code: 'NAME_UNKNOWN' })],
  },
  {
    what: 'HEAD of an unknown tag: no body',
    given: ['image'],
    steps: [{ method: 'HEAD', path: at('nothing'), expect: { status: 404, body: '' } }],
  },
  {
    what: 'GET by a tag that cannot be one',
    given: ['image'],
    steps: [get('-x', { status: 400, code: 'MANIFEST_INVALID' })],
  },
  {
    what: 'GET of a manifest that the client has',
    given: ['image:latest'],
    steps: [
      {
        method: 'GET',
        path: at('latest'),
        headers: { accept: OCI_MANIFEST, 'if-none-match': '"{image}"' },
        expect: { status: 304, body: '' },
      },
    ],
  },
  {
    what: 'GET that asks for other types only',
    given: ['image:latest'],
    steps: [get('latest', { status: 404, code: 'MANIFEST_UNKNOWN' }, DOCKER_MANIFEST)],
  },
  ...['*/*', 'application/*', `${DOCKER_MANIFEST};q=0.5, ${OCI_MANIFEST};q=0.9`].map((accept): Row => ({
    what: `GET that accepts ${accept}`,
    given: ['image:latest'],
    steps: [get('latest', served('image'), accept)],
  })),
  {
    what: 'DELETE of a tag: the manifest stays',
    given: ['image:one', 'image:two'],
    steps: [
      { method: 'DELETE', path: at('one'), expect: { status: 202, body: '' } },
      get('one', { status: 404 }),
      get('two', served('image')),
      get('{image}', served('image')),
      { method: 'DELETE', path: at('one'), expect: { status: 404, code: 'MANIFEST_UNKNOWN' } },
    ],
  },
  {
    what: 'DELETE of a manifest, with its tags',
    given: ['image:one', 'image:two', 'image2:three'],
    steps: [
      { method: 'DELETE', path: at('{image}'), expect: { status: 202, body: '' } },
      get('{image}', { status: 404, code: 'MANIFEST_UNKNOWN' }),
      get('one', { status: 404 }),
      { method: 'GET', path: '/v2/{repo}/tags/list', expect: { status: 200, json: { tags: ['three'] } } },
      { method: 'DELETE', path: at('{image}'), expect: { status: 404, code: 'MANIFEST_UNKNOWN' } },
    ],
  },
  {
    what: 'POST of a manifest',
    steps: [
      {
        method: 'POST',
        path: at('latest'),
        expect: { status: 405, code: 'UNSUPPORTED', headers: { allow: 'GET, HEAD, PUT, DELETE' } },
      },
    ],
  },
  ...['Upper/case', 'a..b', '_under', 'a/-b', 'x'.repeat(256)].map((name): Row => ({
    what: `a repository cannot be called ${name.slice(0, 20)}`,
    steps: [{ method: 'GET', path: `/v2/${name}/tags/list`, expect: { status: 400, code: 'NAME_INVALID' } }],
  })),
];
