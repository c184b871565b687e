import type { Row, Step } from '../runner.ts';

const UPLOADS = '/v2/{repo}/blobs/uploads/';
const begin: Step = {
  method: 'POST',
  path: UPLOADS,
  expect: { status: 202, headers: { location: /./, range: '0-0', 'docker-upload-uuid': /./ } },
};
const patch = (body: string, range: string | undefined, expect: Step['expect']): Step => ({
  method: 'PATCH',
  path: '{location}',
  body,
  expect,
  ...(range === undefined ? {} : { headers: { 'content-range': range } }),
});
const put = (query: string, expect: Step['expect'], body?: string, headers?: Step['headers']): Step => ({
  method: 'PUT',
  path: `{location}${query}`,
  expect,
  ...(body === undefined ? {} : { body }),
  ...(headers === undefined ? {} : { headers }),
});
const has = (name: string): Step => ({
  method: 'GET',
  path: `/v2/{repo}/blobs/{${name}}`,
  expect: { status: 200, body: name.replace(/@.*/, '') },
});
const hasNot = (name: string): Step => ({
  method: 'HEAD',
  path: `/v2/{repo}/blobs/{${name}}`,
  expect: { status: 404 },
});
const created = (name: string): Step['expect'] => ({
  status: 201,
  headers: { location: new RegExp(`/v2/row/.*/blobs/`), 'docker-content-digest': `{${name}}` },
});

/** distribution-spec 1.1: end-4a, end-4b, end-5, end-6, end-11, end-13, end-14. */
export const UPLOAD_ROWS: readonly Row[] = [
  { what: 'POST and PUT', steps: [begin, put('&digest={layer}', created('layer'), 'layer'), has('layer')] },
  {
    what: 'POST and PUT with sha512',
    steps: [begin, put('&digest={layer@sha512}', created('layer@sha512'), 'layer'), has('layer@sha512')],
  },
  {
    what: 'POST that announces sha512, and PUT',
    steps: [
      { ...begin, path: `${UPLOADS}?digest-algorithm=sha512` },
      put('&digest={layer@sha512}', created('layer@sha512'), 'layer'),
    ],
  },
  {
    what: 'POST that announces an unknown algorithm',
    steps: [
      { method: 'POST', path: `${UPLOADS}?digest-algorithm=md5`, expect: { status: 400, code: 'DIGEST_INVALID' } },
    ],
  },
  {
    what: 'all in one POST',
    steps: [
      { method: 'POST', path: `${UPLOADS}?digest={layer}`, body: 'layer', expect: created('layer') },
      has('layer'),
    ],
  },
  {
    what: 'all in one POST with sha512',
    steps: [
      { method: 'POST', path: `${UPLOADS}?digest={layer@sha512}`, body: 'layer', expect: created('layer@sha512') },
      has('layer@sha512'),
    ],
  },
  {
    what: 'all in one POST with another content',
    steps: [
      {
        method: 'POST',
        path: `${UPLOADS}?digest={layer}`,
        body: 'other',
        expect: { status: 400, code: 'DIGEST_INVALID' },
      },
      hasNot('layer'),
      hasNot('other'),
    ],
  },
  {
    what: 'POST with a malformed digest',
    steps: [
      {
        method: 'POST',
        path: `${UPLOADS}?digest=sha256:abc`,
        body: 'layer',
        expect: { status: 400, code: 'DIGEST_INVALID' },
      },
    ],
  },
  {
    what: 'one PATCH without Content-Range (a stream)',
    steps: [
      begin,
      patch('layer', undefined, { status: 202, headers: { location: /./, range: '0-34' } }),
      put('&digest={layer}', created('layer')),
      has('layer'),
    ],
  },
  {
    what: 'chunks in order, PUT without a body',
    steps: [
      begin,
      patch('digits[0-3]', '0-3', { status: 202, headers: { range: '0-3' } }),
      patch('digits[4-7]', '4-7', { status: 202, headers: { range: '0-7' } }),
      patch('digits[8-9]', '8-9', { status: 202, headers: { range: '0-9' } }),
      put('&digest={digits}', created('digits')),
      has('digits'),
    ],
  },
  {
    what: 'chunks in order, the last one in the PUT',
    steps: [
      begin,
      patch('digits[0-3]', '0-3', { status: 202 }),
      put('&digest={digits}', created('digits'), 'digits[4-9]', { 'content-range': '4-9' }),
      has('digits'),
    ],
  },
  {
    what: 'chunks with sha512',
    steps: [
      begin,
      patch('digits[0-3]', '0-3', { status: 202 }),
      patch('digits[4-9]', '4-9', { status: 202 }),
      put('&digest={digits@sha512}', created('digits@sha512')),
      has('digits@sha512'),
    ],
  },
  {
    what: 'a chunk out of order: 416, and the upload goes on where it was',
    steps: [
      begin,
      patch('digits[4-7]', '4-7', {
        status: 416,
        code: 'BLOB_UPLOAD_INVALID',
        headers: { location: /./, range: '0-0' },
      }),
      patch('digits[0-3]', '0-3', { status: 202 }),
      patch('digits[0-3]', '0-3', { status: 416, headers: { range: '0-3' } }),
      { method: 'GET', path: '{location}', expect: { status: 204, headers: { range: '0-3', location: /./ } } },
      patch('digits[4-9]', '4-9', { status: 202 }),
      put('&digest={digits}', created('digits')),
    ],
  },
  {
    what: 'the last chunk out of order in the PUT',
    steps: [
      begin,
      patch('digits[0-3]', '0-3', { status: 202 }),
      put('&digest={digits}', { status: 416 }, 'digits[6-9]', { 'content-range': '6-9' }),
      put('&digest={digits}', created('digits'), 'digits[4-9]', { 'content-range': '4-9' }),
    ],
  },
  {
    what: 'a chunk that is shorter than its Content-Range',
    steps: [
      begin,
      patch('digits[0-3]', '0-9', { status: 400, code: 'SIZE_INVALID' }),
      patch('digits', '0-9', { status: 202 }),
    ],
  },
  {
    what: 'a Content-Range that is none',
    steps: [begin, patch('digits', 'ten bytes', { status: 400, code: 'BLOB_UPLOAD_INVALID' })],
  },
  {
    what: 'GET of an upload that has just begun',
    steps: [
      begin,
      {
        method: 'GET',
        path: '{location}',
        expect: { status: 204, headers: { range: '0-0', location: /./ }, body: '' },
      },
    ],
  },
  {
    what: 'HEAD of an upload',
    steps: [begin, { method: 'HEAD', path: '{location}', expect: { status: 204, headers: { range: '0-0' } } }],
  },
  {
    what: 'DELETE of an upload',
    steps: [
      begin,
      { method: 'DELETE', path: '{location}', expect: { status: 204, body: '' } },
      { method: 'GET', path: '{location}', expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' } },
    ],
  },
  ...['GET', 'PATCH', 'PUT', 'DELETE'].map((method): Row => ({
    what: `${method} of an unknown upload`,
    given: ['config'],
    steps: [
      {
        method,
        path: `${UPLOADS}11111111-1111-4111-8111-111111111111?digest={layer}`,
        expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
      },
    ],
  })),
  {
    what: 'an upload of another repository',
    steps: [
      begin,
      {
        method: 'GET',
        path: `/v2/{other}/blobs/uploads/11111111-1111-4111-8111-111111111111`,
        expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
      },
    ],
  },
  {
    what: 'PUT without a digest',
    steps: [begin, put('', { status: 400, code: 'DIGEST_INVALID' }, 'layer')],
  },
  {
    what: 'PUT with a malformed digest',
    steps: [begin, put('&digest=sha256:abc', { status: 400, code: 'DIGEST_INVALID' }, 'layer')],
  },
  {
    what: 'PUT with another content: nothing is there afterwards',
    steps: [
      begin,
      put('&digest={layer}', { status: 400, code: 'DIGEST_INVALID' }, 'other'),
      hasNot('layer'),
      hasNot('other'),
    ],
  },
  {
    what: 'PUT with another content, by sha512',
    steps: [
      begin,
      put('&digest={layer@sha512}', { status: 400, code: 'DIGEST_INVALID' }, 'other'),
      hasNot('layer@sha512'),
    ],
  },
  {
    what: 'PUT of an empty blob',
    steps: [begin, put('&digest={zero}', created('zero')), has('zero')],
  },
  {
    what: 'a blob that is there is pushed again',
    given: ['layer'],
    steps: [begin, put('&digest={layer}', created('layer'), 'layer'), has('layer')],
  },
  {
    what: 'what is there already is not believed unseen',
    given: ['other/layer'],
    steps: [begin, put('&digest={layer}', { status: 400, code: 'DIGEST_INVALID' }, 'other'), hasNot('layer')],
  },
  {
    what: 'mount from another repository',
    given: ['other/layer'],
    steps: [{ method: 'POST', path: `${UPLOADS}?mount={layer}&from={other}`, expect: created('layer') }, has('layer')],
  },
  {
    what: 'mount with sha512',
    given: ['other/layer@sha512'],
    steps: [
      { method: 'POST', path: `${UPLOADS}?mount={layer@sha512}&from={other}`, expect: created('layer@sha512') },
      has('layer@sha512'),
    ],
  },
  {
    what: 'mount without saying from where',
    given: ['other/long'],
    steps: [{ method: 'POST', path: `${UPLOADS}?mount={long}`, expect: created('long') }, has('long')],
  },
  {
    what: 'mount of what is not there: an upload begins',
    given: ['other/config'],
    steps: [
      { ...begin, path: `${UPLOADS}?mount={layer}&from={other}` },
      put('&digest={layer}', created('layer'), 'layer'),
    ],
  },
  {
    what: 'mount from an unknown repository: an upload begins',
    steps: [{ ...begin, path: `${UPLOADS}?mount={layer}&from={other}` }],
  },
  {
    what: 'mount of a malformed digest',
    steps: [
      {
        method: 'POST',
        path: `${UPLOADS}?mount=sha256:abc&from={other}`,
        expect: { status: 400, code: 'DIGEST_INVALID' },
      },
    ],
  },
  {
    what: 'PATCH of the list of uploads',
    steps: [
      { method: 'PATCH', path: UPLOADS, expect: { status: 405, code: 'UNSUPPORTED', headers: { allow: 'POST' } } },
    ],
  },
];
