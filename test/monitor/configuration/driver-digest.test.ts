import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestDriver, digestFile } from '../../../src/monitor/configuration/driver-digest.ts';
import { markOf } from '../../../src/monitor/configuration/file-mark.ts';

function makeProgram(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'program');
  writeFileSync(program, text);
  return program;
}

test('a driver’s digest is over its manifest and its program, as anybody can count it again', () => {
  const program = makeProgram('#!/bin/sh\n');
  const manifest = Buffer.from('version: 1\n');
  const expected = createHash('sha256').update('11\0version: 1\n#!/bin/sh\n').digest('hex');
  const { digest, programDigest, programMark } = digestDriver(manifest, program);
  expect(digest).toBe(expected);
  expect(programDigest).toBe(createHash('sha256').update('#!/bin/sh\n').digest('hex'));
  expect(programMark).toBe(markOf(program));
  // What stands at the border of the two is not taken for the other's.
  writeFileSync(program, '1\n');
  expect(digestDriver(Buffer.from('x'), program).digest).not.toBe(
    digestDriver(Buffer.from('x1\n'), makeProgram('')).digest,
  );
});

test('a changed program has another digest and another mark, and is read again', () => {
  const program = makeProgram('one');
  const before = digestDriver(Buffer.from('x'), program);
  writeFileSync(program, 'two');
  const after = digestDriver(Buffer.from('x'), program);
  expect(after.digest).not.toBe(before.digest);
  expect(after.programMark).not.toBe(before.programMark);
});

test('what cannot be read whole has none: a file over the limit, a FIFO, and nothing', () => {
  const program = makeProgram('x');
  truncateSync(program, 1_025);
  expect(digestFile(program, 1_024)).toBeNull();
  expect(digestFile(program, 1_025)).toMatch(/^[0-9a-f]{64}$/);
  execFileSync('mkfifo', [`${program}-fifo`]);
  expect(digestFile(`${program}-fifo`)).toBeNull();
  expect(digestFile(`${program}-none`)).toBeNull();
  expect(markOf(`${program}-none`)).toBeNull();
});
