import { describe, expect, it } from 'vitest';
import { withoutMeasurements } from '../../src/verify/compare-metrics.ts';

const PAGE = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a b"} 1027 1395066363000
http_requests_total{code="400"} 3
# TYPE up gauge
up 1.5e-07
`;

describe('a page of metrics', () => {
  it('is compared by its series', () => {
    expect(withoutMeasurements(PAGE)).toBe(`# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a b"}
http_requests_total{code="400"}
# TYPE up gauge
up
`);
    expect(withoutMeasurements(PAGE.replaceAll(/\d+$/gm, '7'))).toBe(withoutMeasurements(PAGE));
  });

  it.for(['', 'up 1', '# a heading\nup 1', '#TYPE x\nup 1'])('is not every text: %j', (text) => {
    expect(withoutMeasurements(text)).toBe(text);
  });
});
