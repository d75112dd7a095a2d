/**
 * Must be the first import of a process's main file: imports run before the first line of the module that has them.
 *
 * Node marks inherited descriptors close-on-exec from 0 upward and stops at the first gap past 15, so that a
 * descriptor handed down by whoever started us would travel on into a driver (the class of CVE-2024-21626).
 * close_range(2) with CLOSE_RANGE_CLOEXEC marks all of them; they stay usable in this process.
 */
import { checked, libc } from './libc.ts';

const FIRST_AFTER_STDIO = 3;
const LAST = 0xffff_ffff;
const CLOSE_RANGE_CLOEXEC = 4;

const closeRange = libc.func('int close_range(unsigned int, unsigned int, int)');

checked('mark inherited descriptors close-on-exec', closeRange(FIRST_AFTER_STDIO, LAST, CLOSE_RANGE_CLOEXEC));
