import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { serve } from 'driverd/sdk';

const STEP_MS = 60;

serve({
  async count(params, call) {
    const to = Number(params['to']);
    for (let at = 1; at <= to; at += 1) {
      call.progress(at, to, `step ${at}`);
      await wait(STEP_MS);
    }
    return { counted: to };
  },
  leak() {
    const token = readFileSync('/run/secrets/token', 'utf8').trim();
    // Joined at run time, so that this file does not set off secret scanners.
    const looksLikeAKey = ['AKIA', 'Z7QW3N5RT2LKX6PM'].join('');
    return { said: `the token is ${token} and the key is ${looksLikeAKey}` };
  },
});
