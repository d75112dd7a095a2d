import { expect, test } from 'vitest';
import { applicationId } from '../../../../src/monitor/audit/seals/machine.ts';

const MACHINE = '0123456789abcdef0123456789abcdef';

test('an id of a machine is what sd_id128_get_machine_app_specific(3) gives', () => {
  // Made with systemd 252 for this machine id and application.
  const application = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  expect(applicationId(MACHINE, application)).toBe('4e7a918525b94da8ad4b4f264a130726');
});

test('an id of a machine tells machines apart, and does not hold the machine’s own', () => {
  const id = applicationId(MACHINE);
  expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(id).toBe(applicationId(MACHINE));
  expect(id).not.toBe(applicationId(`f${MACHINE.slice(1)}`));
  expect(id).not.toContain(MACHINE.slice(0, 8));
});
