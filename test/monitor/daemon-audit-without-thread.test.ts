import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { openDaemonAudit } from '../../src/monitor/daemon-audit.ts';
import { WorthAnotherTry } from '../../src/monitor/worth-another-try.ts';
import { createLog } from '../../src/shared/log.ts';
import { auditSettings, makePlaces } from '../shared/audit/made-log.ts';
import { AUDIT_THREADS } from '../support/appending-thread.ts';

vi.mock('node:worker_threads', { spy: true });

test.each([
  ['is worth another try where the system has no room for a thread', 'ERR_WORKER_INIT_FAILED', true],
  ['is the fault of this program where it is anything else', 'ERR_INVALID_ARG_TYPE', false],
])('a start without its appending thread %s', async (_what, code, isWorthAnotherTry) => {
  function refuse(): never {
    throw Object.assign(new Error('EAGAIN'), { code });
  }
  // Called by `new`, which takes no arrow.
  vi.mocked(Worker).mockImplementationOnce(refuse);
  const { path, folder: stateFolder } = makePlaces();
  const options = { path, stateFolder, settings: () => auditSettings() };
  const refused = await openDaemonAudit(options, AUDIT_THREADS, createLog('monitor', 'fatal')).catch(
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(Error);
  expect(refused instanceof WorthAnotherTry).toBe(isWorthAnotherTry);
  expect(existsSync(path)).toBe(false);
});
