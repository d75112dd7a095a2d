import { describe, expect, test } from 'vitest';
import { fromWire, toWire } from '../../../src/driverctl/call/bytes.ts';

describe('bytes on the wire', () => {
  test.each([
    ['text', Buffer.from('größe\n'), 'größe\n'],
    ['nothing', Buffer.alloc(0), ''],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x61]), '\ufeffa'],
    ['what is not UTF-8', Buffer.from([0xff, 0x00, 0x9b]), { base64: '/wCb' }],
  ])('carry %s there and back', (_name, bytes, wire) => {
    expect(toWire(bytes)).toEqual(wire);
    expect(fromWire(wire)).toEqual(bytes);
  });

  test.each([[null], [1], [{}], [{ base64: 1 }], [{ base64: '%%' }], [['a']], [undefined]])(
    'are not made of %j',
    (value) => {
      expect(fromWire(value)).toBeNull();
    },
  );
});
