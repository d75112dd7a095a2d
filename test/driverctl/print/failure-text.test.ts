import { describe, expect, test } from 'vitest';
import { DaemonFailure, Failure } from '../../../src/driverctl/failure.ts';
import { failureText } from '../../../src/driverctl/print/failure-text.ts';

const failure = (message: string, data: DaemonFailure['error']['data']): DaemonFailure =>
  new DaemonFailure({ code: -32000, message, data });

describe('what driverctl says when it fails', () => {
  test('is one line', () => {
    expect(failureText(new Failure('usage', 'Cannot call: the method is missing'), false)).toBe(
      'driverctl: Cannot call: the method is missing\n',
    );
  });

  test("is one line of JSON for a daemon's error with --json, and words for its own", () => {
    const error = failure('Cannot do it', { reason: 'forbidden', request_id: 'r\u202e' });
    expect(failureText(error, true)).toBe(
      '{"error":{"code":-32000,"message":"Cannot do it","data":{"reason":"forbidden","request_id":"r\\u202e"}}}\n',
    );
    expect(failureText(new Failure('usage', 'Cannot call'), true)).toBe('driverctl: Cannot call\n');
  });

  test('names reason and request', () => {
    expect(failureText(failure('Cannot do it: no', { reason: 'forbidden', request_id: 'r-1' }), false)).toBe(
      'driverctl: Cannot do it: no (forbidden, request r-1)\n',
    );
    expect(failureText(failure('Cannot do it: no', {}), false)).toBe(
      'driverctl: Cannot do it: no (code -32000)\n',
    );
  });

  test('names the place of bad params and the word of a declared error', () => {
    const invalid = failure('Cannot do it: no', {
      reason: 'invalid-params',
      at: '/path',
      rule: 'format',
      request_id: 'r',
    });
    expect(failureText(invalid, false)).toContain('(invalid-params, at /path, rule format, request r)');
    const whole = failure('Cannot do it: no', { reason: 'invalid-params', at: '', rule: 'required' });
    expect(failureText(whole, false)).toContain('at the params as a whole, rule required');
    const audit = { state: 'failing', conditions: ['reserve-given-up'] };
    const full = failure('Cannot start the call', { reason: 'audit-unavailable', audit, request_id: 'r' });
    expect(failureText(full, false)).toBe(
      'driverctl: Cannot start the call (audit-unavailable, audit log failing, reserve-given-up, request r)\n',
    );
    const declared = failure('No such volume', { reason: 'driver-error', error: 'not_found' });
    expect(failureText(declared, false)).toBe('driverctl: No such volume (driver-error, error not_found)\n');
  });

  test("has the tail of a failed driver's log after it", () => {
    const driver = { exit_status: 3, signal: null, stderr: 'one\ntwo\x1b\n' };
    expect(failureText(failure('Cannot do it', { reason: 'driver-failed', driver }), false)).toBe(
      'driverctl: Cannot do it (driver-failed, exit status 3)\n  driver: one\n  driver: two\\x1b\n',
    );
  });

  test('is short and safe for a terminal whatever the server says (U1, U5)', () => {
    const evil = '\x1b]52;c;cm0=\x07\r\n'.repeat(100_000);
    const driver = { exit_status: 1, signal: evil, stderr: evil };
    const error = failure(evil, {
      reason: evil,
      at: evil,
      rule: evil,
      error: evil,
      request_id: evil,
      driver,
    });
    const text = failureText(error, false);
    expect(text.length).toBeLessThan(200_000);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/u);
  });
});
