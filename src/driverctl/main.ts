#!/usr/bin/env node
import { runDriverctl } from './run.ts';
/*
 * driverctl: a person's or a script's way to driverd.
 *
 * What it does: sends one call over the daemon's socket and prints the answer; reads the audit log.
 * It runs as the user who starts it and has no authority of its own: who is calling, what is permitted and what the
 * params mean is for the daemon to say.
 * What it trusts: its command line, its environment, and a daemon that root or the same user runs, as the kernel says
 * (SO_PEERCRED) before anything is sent.
 * What it does not trust: every byte of an answer or a log. They are bounded, checked, and escaped for a terminal.
 * What it never sees: keys, secrets and policies, but for values that `scrub` is told to mask; of the state folder only
 * the note of the log's head.
 */
import { standardInput } from './standard/input.ts';
import { standardError, standardOutput } from './standard/output.ts';

process.exitCode = await runDriverctl(process.argv.slice(2), {
  stdin: standardInput(0, () => process.stdin),
  stdout: standardOutput(1, () => process.stdout.columns),
  stderr: standardError(2, () => process.stderr.columns),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  environment: process.env,
  uid: process.geteuid?.() ?? Number.NaN,
});
