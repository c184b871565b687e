import { EXAMPLE_1, EXAMPLE_2, OCI_CONFIG, OCI_INDEX } from '../fixtures.ts';
import type { Row, Step } from '../runner.ts';

const tags = (query: string, expect: Step['expect']): Step => ({
  method: 'GET',
  path: `/v2/{repo}/tags/list${query}`,
  expect,
});
const TAGGED = ['image:B', 'image:a', 'image:c', 'image:b'];
const referrers = (query: string, expect: Step['expect'], subject = 'image'): Step => ({
  method: 'GET',
  path: `/v2/{repo}/referrers/{${subject}}${query}`,
  expect,
});
const list = (...manifests: readonly object[]): Step['expect'] => ({
  status: 200,
  headers: { 'content-type': OCI_INDEX },
  json: { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
});

/** distribution-spec 1.1: end-8a, end-8b, end-12; and docker's catalog. */
export const LIST_ROWS: readonly Row[] = [
  {
    what: 'tags, without regard to case',
    given: TAGGED,
    steps: [
      tags('', {
        status: 200,
        headers: { 'content-type': /^application\/json/, link: null },
        json: { name: '{repo}', tags: ['a', 'B', 'b', 'c'] },
      }),
    ],
  },
  {
    what: 'HEAD of tags',
    given: ['image:a'],
    steps: [{ method: 'HEAD', path: '/v2/{repo}/tags/list', expect: { status: 200, body: '' } }],
  },
  {
    what: 'tags, n at a time',
    given: TAGGED,
    steps: [
      tags('?n=3', {
        status: 200,
        json: { tags: ['a', 'B', 'b'] },
        headers: { link: /^<\/v2\/row\/\w+\/tags\/list\?n=3&last=b>; rel="next"$/ },
      }),
      tags('?n=3&last=b', { status: 200, json: { tags: ['c'] }, headers: { link: null } }),
    ],
  },
  {
    what: 'tags after one that is not there',
    given: TAGGED,
    steps: [tags('?last=bb', { status: 200, json: { tags: ['c'] } })],
  },
  { what: 'no tags at a time', given: TAGGED, steps: [tags('?n=0', { status: 200, json: { tags: [] } })] },
  {
    what: 'more tags at a time than there are',
    given: ['image:a'],
    steps: [tags('?n=99', { status: 200, json: { tags: ['a'] }, headers: { link: null } })],
  },
  {
    what: 'tags, n is no number',
    given: ['image:a'],
    steps: [tags('?n=few', { status: 400, code: 'UNSUPPORTED' })],
  },
  {
    what: 'tags, n is negative',
    given: ['image:a'],
    steps: [tags('?n=-1', { status: 400 })],
  },
  {
    what: 'tags of a repository without any',
    given: ['image'],
    steps: [tags('', { status: 200, json: { tags: [] } })],
  },
  { what: 'tags of an unknown repository', steps: [tags('', { status: 404, code: 'NAME_UNKNOWN' })] },
  {
    what: 'catalog, n at a time',
    given: ['image', 'other/image'],
    steps: [
      {
        method: 'GET',
        path: '/v2/_catalog?n=1&last=a',
        expect: {
          status: 200,
          text: /"repositories":\["[\w/-]+"\]/,
          headers: { link: /\/v2\/_catalog\?.*rel="next"/ },
        },
      },
      { method: 'GET', path: '/v2/_catalog?last=zzz', expect: { status: 200, json: { repositories: [] } } },
    ],
  },
  {
    what: 'catalog, n is no number',
    steps: [{ method: 'GET', path: '/v2/_catalog?n=x', expect: { status: 400 } }],
  },
  {
    what: 'referrers of an unknown repository: none',
    steps: [referrers('', list())],
  },
  {
    what: 'referrers of what has none',
    given: ['image'],
    steps: [referrers('', { ...list(), headers: { 'content-type': OCI_INDEX, 'oci-filters-applied': null } })],
  },
  {
    what: 'HEAD of referrers',
    given: ['image'],
    steps: [{ method: 'HEAD', path: '/v2/{repo}/referrers/{image}', expect: { status: 200, body: '' } }],
  },
  {
    what: 'referrers of a malformed digest',
    given: ['image'],
    steps: [
      { method: 'GET', path: '/v2/{repo}/referrers/sha256:abc', expect: { status: 400, code: 'DIGEST_INVALID' } },
    ],
  },
  {
    what: 'a referrer with its artifact type and annotations',
    given: ['signature'],
    steps: [
      referrers(
        '',
        list({ digest: '{signature}', artifactType: EXAMPLE_1, annotations: { 'org.example.note': 'hello' } }),
      ),
    ],
  },
  {
    what: 'a referrer without an artifact type has that of its config',
    given: ['signature2'],
    steps: [referrers('', list({ digest: '{signature2}', artifactType: EXAMPLE_2 }))],
  },
  {
    what: 'an image that refers to another one',
    given: ['imageOfSubject'],
    steps: [referrers('', list({ digest: '{imageOfSubject}', artifactType: OCI_CONFIG }))],
  },
  {
    what: 'an index that refers to an image',
    given: ['indexOfSubject'],
    steps: [
      referrers(
        '',
        list({
          mediaType: OCI_INDEX,
          digest: '{indexOfSubject}',
          artifactType: EXAMPLE_1,
          annotations: { 'org.example.note': 'an index' },
        }),
      ),
    ],
  },
  {
    what: 'referrers of one artifact type',
    given: ['signature', 'signature2'],
    steps: [
      referrers(`?artifactType=${EXAMPLE_2}`, {
        ...list({ digest: '{signature2}' }),
        headers: { 'content-type': OCI_INDEX, 'oci-filters-applied': 'artifactType' },
      }),
      referrers('?artifactType=application/vnd.example.none', {
        ...list(),
        headers: { 'oci-filters-applied': 'artifactType' },
      }),
    ],
  },
  {
    what: 'a referrer that was deleted',
    given: ['signature'],
    steps: [
      { method: 'DELETE', path: '/v2/{repo}/manifests/{signature}', expect: { status: 202 } },
      referrers('', list()),
    ],
  },
  {
    what: 'referrers outlive their subject',
    given: ['signature'],
    steps: [
      { method: 'DELETE', path: '/v2/{repo}/manifests/{image}', expect: { status: 202 } },
      referrers('', list({ digest: '{signature}' })),
    ],
  },
];
