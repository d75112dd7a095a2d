import { expect, test } from 'vitest';
import { newTrace, readTraceParent } from '../../../src/broker/frame/traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const zeros = '0'.repeat(32);

test.each([
  `00-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-ff`,
  `cc-${traceId}-${spanId}-01`,
  `cc-${traceId}-${spanId}-01-what-comes-later`,
])('%s is a traceparent', (text) => {
  expect(readTraceParent(text)).toEqual({ traceId, spanId });
});

test.each([
  '',
  `ff-${traceId}-${spanId}-01`,
  `00-${zeros}-${spanId}-01`,
  `00-${traceId}-${zeros.slice(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-`,
  `00-${traceId}-${spanId}-01-more`,
  `cc-${traceId}-${spanId}-01.more`,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-1`,
  ` 00-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01\n`,
])('%j is none', (text) => {
  expect(readTraceParent(text)).toBeUndefined();
});

test('one over 256 characters is none', () => {
  expect(readTraceParent(`cc-${traceId}-${spanId}-01-${'x'.repeat(200)}`)).toBeDefined();
  expect(readTraceParent(`cc-${traceId}-${spanId}-01-${'x'.repeat(201)}`)).toBeUndefined();
});

test('a call that came without one begins a trace of its own, which is a valid one', () => {
  const traces = Array.from({ length: 100 }, newTrace);
  for (const { traceId, spanId } of traces)
    expect(readTraceParent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId });
  expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(100);
});
