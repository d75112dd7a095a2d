import { expect, test } from 'vitest';
import { isHttpRequestLine } from '../../../src/broker/frame/http.ts';

test.each([
  'POST / HTTP/1.1',
  'GET http://localhost/ HTTP/1.0',
  'OPTIONS * HTTP/1.1',
  'CONNECT example.org:443 HTTP/1.1',
  'PRI * HTTP/2.0',
  "x-!#$%&'*+.^_`|~ /?a=\u00ff HTTP/3",
])('%s is an HTTP request line (T11)', (line) => {
  expect(isHttpRequestLine(Buffer.from(line, 'latin1'))).toBe(true);
});

test.each([
  '',
  'POST / HTTP/1.1 ',
  'POST  / HTTP/1.1',
  'POST / HTTP/',
  'POST /',
  'Host: localhost',
  'HTTP/1.1 200 OK',
  '{"jsonrpc":"2.0","method":"POST / HTTP/1.1"}',
  '{ / HTTP/1.1',
  '[ / HTTP/1.1',
  '"POST" / HTTP/1.1',
  'POST / http/1.1',
])('%j is none', (line) => {
  expect(isHttpRequestLine(Buffer.from(line))).toBe(false);
});
