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

  it.each([
    ['an exemplar', 'took_bucket{le="1"} 17 # {trace_id="7f3a"} 0.067 1520879607.789', 'took_bucket{le="1"}'],
    ['an exemplar of no labels', 'took_count 17 # {} 0.5', 'took_count'],
    ['braces and quotes in a label', 'hits{path="/a} \\" {b"} 3', 'hits{path="/a} \\" {b"}'],
    ['an empty label, and time', 'hits{path="",} 3 1395066363000', 'hits{path="",}'],
    ['labels that do not end', 'hits{path="/a} 3', 'hits{path="/a} 3'],
  ])('%s', (_what, sample, series) => {
    expect(withoutMeasurements(`# TYPE x counter\n${sample}\n`)).toBe(`# TYPE x counter\n${series}\n`);
  });

  it('is read in a moment, however it is made', () => {
    const page = `# TYPE x counter\nx{${'a="'.repeat(200_000)}\n${'x'.repeat(500_000)}\nx{${'"" '.repeat(200_000)}`;
    expect(withoutMeasurements(page)).toBe(page);
  });

  it.for(['', 'up 1', '# a heading\nup 1', '#TYPE x\nup 1'])('is not every text: %j', (text) => {
    expect(withoutMeasurements(text)).toBe(text);
  });
});
