import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../../../src/base/error.ts';
import { probesOfOpenapi } from '../../../../src/sandbox/probes/openapi/openapi.ts';

const PETS = `
openapi: 3.0.3
servers:
  - url: https://{host}/api/{version}
    variables: {host: {default: pets.example}, version: {default: v1}}
paths:
  /pets:
    parameters:
      - {name: lang, in: query, schema: {type: string}, example: fr}
      - {name: never, in: query, schema: {type: string}}
    get:
      parameters:
        - {name: tags, in: query, required: true, schema: {type: array, items: {type: string, enum: [a b, c]}, minItems: 2}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, format: uuid}}
        - {name: sid, in: cookie, required: true, schema: {type: string, example: s 1}}
        - {$ref: '#/components/parameters/Where'}
      responses: {'200': {}, '4xx': {}}
    post:
      requestBody: {$ref: '#/components/requestBodies/Pet'}
      responses: {'201': {}}
  /pets/{id}:
    delete: {parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 7}}], responses: {'204': {}}}
    get: {parameters: [{name: id, in: path, required: true, examples: {one: {value: a/b}}}], responses: {default: {}}}
  /login:
    servers: [{url: /auth/}]
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: {type: object, properties: {user: {type: string, default: me & you}, n: {type: integer}}}}
  /upload:
    put:
      requestBody: {content: {multipart/form-data: {schema: {properties: {file: {type: string, format: binary}}}}}}
components:
  parameters:
    Where: {name: where, in: query, required: true, style: deepObject, schema: {type: object, properties: {a: {type: boolean}}}}
  requestBodies:
    Pet: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
  schemas:
    Pet:
      allOf:
        - {$ref: '#/components/schemas/Named'}
        - type: object
          required: [owner]
          properties:
            id: {type: integer, readOnly: true}
            kind: {oneOf: [{type: string, enum: [cat, dog]}, {type: integer}]}
            owner: {type: object, properties: {pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}, born: {type: string, format: date}}}
            weight: {type: number, minimum: 0.5, maximum: 0.9}
    Named: {type: object, properties: {name: {type: [string, 'null'], minLength: 6}}}
`;

const asked = (text: string, anyStatus = false): readonly unknown[] =>
  probesOfOpenapi(text, { port: 8080, where: 'openapi.yaml', anyStatus }).map((probe) =>
    'http' in probe ? probe.http : probe,
  );

describe('probesOfOpenapi', () => {
  it('asks every operation with its examples, or with values made from the schemas', () => {
    const port = 8080;
    expect(asked(PETS)).toEqual([
      {
        port,
        method: 'GET',
        path: '/api/v1/pets?lang=fr&tags=a%20b&tags=a%20b&where%5Ba%5D=true',
        status: [200, '4XX'],
        requestHeaders: { 'x-trace': '00000000-0000-4000-8000-000000000001', cookie: 'sid=s%201' },
      },
      {
        port,
        method: 'POST',
        path: '/api/v1/pets?lang=fr',
        status: [201],
        requestHeaders: { 'content-type': 'application/json' },
        requestBody: expect.stringContaining('"name":"tarexx"'),
      },
      { port, method: 'GET', path: '/api/v1/pets/a%2Fb', status: ['1XX', '2XX', '3XX', '4XX'] },
      {
        port,
        method: 'POST',
        path: '/auth/login',
        status: ['1XX', '2XX', '3XX', '4XX'],
        requestHeaders: { 'content-type': 'application/x-www-form-urlencoded' },
        requestBody: 'user=me+%26+you&n=1',
      },
      {
        port,
        method: 'PUT',
        path: '/api/v1/upload',
        status: ['1XX', '2XX', '3XX', '4XX'],
        requestHeaders: { 'content-type': expect.stringMatching(/^multipart\/form-data; boundary=\S+$/) },
        requestBody: expect.stringMatching(
          /^--(\S+)\r\nContent-Disposition: form-data; name="file"\r\n\r\ntare\r\n--\1--\r\n$/,
        ),
      },
      { port, method: 'DELETE', path: '/api/v1/pets/7', status: [204] },
    ]);
  });

  it('makes bodies that end although schemas hold themselves', () => {
    const body = asked(PETS)[1] as { requestBody: string };
    expect(JSON.parse(body.requestBody)).toMatchObject({
      name: 'tarexx',
      kind: 'cat',
      owner: { born: '2024-01-02', pets: [{ owner: {} }] },
      weight: 0.9,
    });
    expect(JSON.parse(body.requestBody)).not.toHaveProperty('id');
  });

  it('takes any answer when it will be compared', () => {
    expect(asked(PETS, true)[0]).toMatchObject({ status: ['1XX', '2XX', '3XX', '4XX', '5XX'] });
  });

  it('reads Swagger 2.0, also as JSON', () => {
    const swagger = {
      swagger: '2.0',
      basePath: '/v2/',
      consumes: ['application/xml', 'application/json'],
      definitions: {
        Thing: { type: 'object', properties: { size: { type: 'integer', exclusiveMinimum: true, minimum: 4 } } },
      },
      paths: {
        '/things/{name}': {
          put: {
            parameters: [
              { name: 'name', in: 'path', type: 'string', required: true, enum: ['x y'] },
              {
                name: 'ids',
                in: 'query',
                type: 'array',
                required: true,
                items: { type: 'integer' },
                collectionFormat: 'pipes',
                minItems: 2,
              },
              { name: 'body', in: 'body', schema: { $ref: '#/definitions/Thing' } },
            ],
            responses: { 200: {} },
          },
          post: { parameters: [{ name: 'a', in: 'formData', type: 'string' }], responses: { 200: {} } },
        },
      },
    };
    expect(asked(JSON.stringify(swagger))).toMatchObject([
      { method: 'POST', path: '/v2/things/1', requestBody: 'a=tare' },
      {
        method: 'PUT',
        path: '/v2/things/x%20y?ids=1%7C1',
        requestBody: '{"size":5}',
        requestHeaders: { 'content-type': 'application/json' },
      },
    ]);
  });

  it.each([
    ['', 'not a map'],
    ['- a', 'not a map'],
    ['a: [', 'openapi.yaml:1:5: '],
    ['info: {}', 'neither openapi 3 nor swagger 2.0'],
    ['openapi: 4.0.0', 'neither openapi 3'],
    ['openapi: 3.1.0', 'no operation is described'],
    ['{openapi: 3.1.0, paths: {/: {$ref: "paths.yaml#/a"}}}', 'leads out of the file'],
    ['{openapi: 3.1.0, paths: {/: {$ref: "https://x.example/a"}}}', 'leads out of the file'],
    ['{openapi: 3.1.0, paths: {/: {$ref: "#/nowhere"}}}', 'leads nowhere'],
    ['{openapi: 3.1.0, paths: {/: {$ref: "#/__proto__"}}}', 'leads nowhere'],
    ['{openapi: 3.1.0, paths: {/: {$ref: "#/%"}}}', 'badly encoded'],
    ['{openapi: 3.1.0, a: {$ref: "#/a"}, paths: {/: {$ref: "#/a"}}}', 'in a circle'],
    [`{"openapi": "3.1.0", "paths": ${'['.repeat(5000)}${']'.repeat(5000)}}`, 'nested deeper'],
  ])('refuses %j', (text, message) => {
    expect(() => asked(text)).toThrow(expect.objectContaining({ code: 'E_OPENAPI' }) as Error);
    expect(() => asked(text)).toThrow(message);
  });

  it('refuses more operations than a service has', () => {
    const paths = Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`/${index}`, { get: {} }]));
    expect(() => asked(JSON.stringify({ openapi: '3.1.0', paths }))).toThrow('more than 2000 operations');
  });

  it('makes nothing of a schema but a request that can be sent, or says why', () => {
    const schemaOf = (depth: number): fc.Arbitrary<unknown> => {
      const inner = depth === 0 ? fc.jsonValue() : fc.oneof(fc.jsonValue(), schemaOf(depth - 1));
      return fc.record(
        {
          type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'array', 'object', 'null', 7),
          format: fc.string(),
          minimum: fc.double(),
          minLength: fc.integer(),
          maxLength: fc.integer(),
          multipleOf: fc.double(),
          default: fc.jsonValue(),
          items: inner,
          properties: fc.dictionary(fc.string(), inner, { maxKeys: 2 }),
          allOf: fc.array(inner, { maxLength: 2 }),
        },
        { requiredKeys: [] },
      );
    };
    const schema = schemaOf(3);
    fc.assert(
      fc.property(
        schema,
        fc.constantFrom('query', 'path', 'header', 'cookie'),
        fc.string({ unit: 'binary' }),
        (made, place, name) => {
          const parameters = [{ name, in: place, required: true, schema: made }];
          const requestBody = { content: { 'application/json': { schema: made } } };
          const paths = { [`/a/{${name}}`]: { post: { parameters, requestBody } } };
          try {
            const [probe] = probesOfOpenapi(JSON.stringify({ openapi: '3.1.0', paths }), { port: 1, where: 'x' });
            const { path = '', requestHeaders = {} } = probe !== undefined && 'http' in probe ? probe.http : {};
            expect(path).toMatch(/^\/a\/[\x21-\x7e]*$/);
            for (const value of Object.values(requestHeaders)) expect(value).toMatch(/^[\t\x20-\x7e]*$/);
          } catch (error) {
            if (!isTareError(error, 'E_OPENAPI')) throw error;
          }
        },
      ),
    );
  });
});
