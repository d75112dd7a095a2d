import { describe, expect, test } from 'vitest';
import { createCallsUnderWay } from '../../../src/broker/connection/calls-under-way.ts';
import { createEarlyEnd } from '../../../src/broker/connection/early-end.ts';

describe('an early end', () => {
  test('tells its one listener, at once where it came before, and keeps its first reason', () => {
    const early = createEarlyEnd();
    const heard: string[] = [];
    early.listen((why) => heard.push(`replaced ${why}`));
    early.listen((why) => heard.push(why));
    early.end('cancelled');
    early.end('disconnected');
    early.listen((why) => heard.push(`later ${why}`));
    early.listen(null);
    expect(heard).toEqual(['cancelled', 'later cancelled']);
    expect(early.why).toBe('cancelled');
  });
});

describe('calls under way', () => {
  test('are cancelled by their id and its type, all that have it, and only until they have their replies', () => {
    const calls = createCallsUnderWay();
    const asks = createEarlyEnd();
    const [one, two, text, none] = [calls.begin(1), calls.begin(1), calls.begin('1'), calls.begin(undefined)];
    expect(calls.cancel(2, asks)).toBe(false);
    expect(calls.cancel(1, asks)).toBe(true);
    expect([one, two, text, none].map(({ early }) => early.why)).toEqual([
      'cancelled',
      'cancelled',
      null,
      null,
    ]);
    one.replied();
    two.replied();
    expect(calls.cancel(1, asks)).toBe(false);
    text.replied();
    expect(calls.cancel('1', asks)).toBe(false);
  });

  test('with the id null can be named; those without an id cannot', () => {
    const calls = createCallsUnderWay();
    const [named, notification] = [calls.begin(null), calls.begin(undefined)];
    expect(calls.cancel(null, createEarlyEnd())).toBe(true);
    expect([named.early.why, notification.early.why]).toEqual(['cancelled', null]);
  });

  test('are not cancelled by themselves', () => {
    const calls = createCallsUnderWay();
    const own = calls.begin('x');
    expect(calls.cancel('x', own.early)).toBe(false);
    expect(own.early.why).toBeNull();
  });

  test('all end with their connection, notifications too; what was cancelled before stays that', () => {
    const calls = createCallsUnderWay();
    const [one, two, three] = [calls.begin(1), calls.begin(undefined), calls.begin(3)];
    calls.cancel(1, createEarlyEnd());
    three.replied();
    calls.disconnect();
    expect([one, two, three].map(({ early }) => early.why)).toEqual(['cancelled', 'disconnected', null]);
  });
});
