import { digestOf, FIXTURES } from '../fixtures.ts';
import type { Row, Step } from '../runner.ts';

const get = (path: string, expect: Step['expect'], headers?: Step['headers']): Step => ({
  method: 'GET',
  path,
  expect,
  ...(headers === undefined ? {} : { headers }),
});
const ranged = (what: string, range: string, expect: Step['expect']): Row => ({
  what: `GET of a blob, Range ${range}: ${what}`,
  given: ['digits'],
  steps: [get('/v2/{repo}/blobs/{digits}', expect, { range })],
});

/** distribution-spec 1.1: end-1, end-2, end-10. */
export const BLOB_ROWS: readonly Row[] = [
  {
    what: 'GET /v2/ says that it is a registry',
    steps: [get('/v2/', { status: 200, headers: { 'docker-distribution-api-version': 'registry/2.0' } })],
  },
  { what: 'HEAD /v2/', steps: [{ method: 'HEAD', path: '/v2/', expect: { status: 200, body: '' } }] },
  {
    what: 'GET of a blob: its bytes, length and digest',
    given: ['layer'],
    steps: [
      get('/v2/{repo}/blobs/{layer}', {
        status: 200,
        body: 'layer',
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': '35',
          'docker-content-digest': '{layer}',
          'accept-ranges': 'bytes',
        },
      }),
    ],
  },
  {
    what: 'HEAD of a blob: the same without the bytes',
    given: ['layer'],
    steps: [
      {
        method: 'HEAD',
        path: '/v2/{repo}/blobs/{layer}',
        expect: {
          status: 200,
          body: '',
          headers: { 'content-length': '35', 'docker-content-digest': '{layer}' },
        },
      },
    ],
  },
  {
    what: 'GET of a blob with sha512',
    given: ['layer@sha512'],
    steps: [get('/v2/{repo}/blobs/{layer@sha512}', { status: 200, body: 'layer' })],
  },
  {
    what: 'GET of an empty blob',
    given: ['zero'],
    steps: [get('/v2/{repo}/blobs/{zero}', { status: 200, body: 'zero', headers: { 'content-length': '0' } })],
  },
  {
    what: 'GET of a blob that another repository has',
    given: ['other/layer', 'config'],
    steps: [get('/v2/{repo}/blobs/{layer}', { status: 404, code: 'BLOB_UNKNOWN' })],
  },
  {
    what: 'GET of a blob of an unknown repository',
    steps: [get('/v2/{repo}/blobs/{layer}', { status: 404, code: 'NAME_UNKNOWN' })],
  },
  {
    what: 'HEAD of an unknown blob: no body',
    given: ['config'],
    steps: [{ method: 'HEAD', path: '/v2/{repo}/blobs/{layer}', expect: { status: 404, body: '' } }],
  },
  {
    what: 'GET of a blob by a digest that is too short',
    steps: [get('/v2/{repo}/blobs/sha256:abc', { status: 400, code: 'DIGEST_INVALID' })],
  },
  {
    what: 'GET of a blob by a digest of an unknown algorithm',
    steps: [get(`/v2/{repo}/blobs/md5:${'0'.repeat(32)}`, { status: 400, code: 'DIGEST_INVALID' })],
  },
  {
    what: 'a digest with its colon encoded',
    given: ['layer'],
    steps: [
      get(`/v2/{repo}/blobs/${digestOf(FIXTURES['layer']?.bytes ?? Buffer.alloc(0)).replace(':', '%3A')}`, {
        status: 200,
        body: 'layer',
      }),
    ],
  },
  ranged('from the middle', 'bytes=2-5', {
    status: 206,
    text: /^2345$/,
    headers: { 'content-range': 'bytes 2-5/10', 'content-length': '4' },
  }),
  ranged('to the end', 'bytes=7-', { status: 206, text: /^789$/, headers: { 'content-range': 'bytes 7-9/10' } }),
  ranged('the last bytes', 'bytes=-3', { status: 206, text: /^789$/, headers: { 'content-range': 'bytes 7-9/10' } }),
  ranged('beyond the end', 'bytes=8-99', { status: 206, text: /^89$/, headers: { 'content-range': 'bytes 8-9/10' } }),
  ranged('after the end', 'bytes=10-12', { status: 416 }),
  ranged('backwards', 'bytes=5-2', { status: 416 }),
  ranged('of another unit', 'lines=1-2', { status: 200, body: 'digits' }),
  {
    what: 'GET of a blob that the client has',
    given: ['digits'],
    steps: [get('/v2/{repo}/blobs/{digits}', { status: 304, body: '' }, { 'if-none-match': '"{digits}"' })],
  },
  {
    what: 'a range of another content is ignored',
    given: ['digits'],
    steps: [get('/v2/{repo}/blobs/{digits}', { status: 200 }, { 'if-range': '"{layer}"', range: 'bytes=1-2' })],
  },
  {
    what: 'DELETE of a blob, for its repository only',
    given: ['layer', 'other/layer'],
    steps: [
      { method: 'DELETE', path: '/v2/{repo}/blobs/{layer}', expect: { status: 202, body: '' } },
      { method: 'HEAD', path: '/v2/{repo}/blobs/{layer}', expect: { status: 404 } },
      get('/v2/{other}/blobs/{layer}', { status: 200, body: 'layer' }),
      { method: 'DELETE', path: '/v2/{repo}/blobs/{layer}', expect: { status: 404, code: 'BLOB_UNKNOWN' } },
    ],
  },
  {
    what: 'a blob is pushed again after its deletion',
    given: ['layer'],
    steps: [
      { method: 'DELETE', path: '/v2/{repo}/blobs/{layer}', expect: { status: 202 } },
      { method: 'POST', path: '/v2/{repo}/blobs/uploads/', expect: { status: 202 } },
      { method: 'PUT', path: '{location}&digest={layer}', body: 'layer', expect: { status: 201 } },
      get('/v2/{repo}/blobs/{layer}', { status: 200, body: 'layer' }),
    ],
  },
];
