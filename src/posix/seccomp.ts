import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import type { Descriptor } from './descriptor.ts';
import { PosixError } from './libc.ts';
import { makeMemoryFile } from './memory-file.ts';

const EPERM = 1;
const ENOSYS = 38;
const ACT_ALLOW = 0x7fff_0000;
const ACT_ERRNO = 0x0005_0000;
const ATTRIBUTE_BAD_ARCHITECTURE = 2;
const ATTRIBUTE_OPTIMIZE = 8;
/** A tree over the numbers instead of a list: each call passes few of the rules. */
const OPTIMIZE_TREE = 2;
const UNKNOWN_SYSCALL = -1;
const COMPARE_MASKED_EQUAL = 7;

/** What one system call gets; with `argument`, only where that argument, masked, has that value. */
export interface SyscallRule {
  readonly syscall: string;
  readonly answer: 'allow' | 'refuse' | 'ENOSYS';
  readonly argument?: { readonly index: number; readonly mask: bigint; readonly value: bigint };
}

export interface FilterPlan {
  /** What a call gets that no rule names. */
  readonly unlisted: 'allow' | 'refuse';
  readonly rules: readonly SyscallRule[];
}

interface Libseccomp {
  init(action: number): unknown;
  setAttribute(context: unknown, attribute: number, value: number): number;
  resolve(name: string): number;
  add(context: unknown, action: number, syscall: number, count: number, comparisons: Buffer | null): number;
  exportFilter(context: unknown, descriptor: number): number;
  release(context: unknown): void;
}

let loaded: Libseccomp | undefined;

/** libseccomp is loaded when the first filter is made; its variadic seccomp_rule_add is undefined through FFI. */
function libseccomp(): Libseccomp {
  if (loaded !== undefined) return loaded;
  const library = koffi.load('libseccomp.so.2');
  loaded = {
    init: library.func('void *seccomp_init(uint32_t)'),
    setAttribute: library.func('int seccomp_attr_set(void *, int, uint32_t)'),
    resolve: library.func('int seccomp_syscall_resolve_name(const char *)'),
    add: library.func('int seccomp_rule_add_array(void *, uint32_t, int, unsigned int, void *)'),
    exportFilter: library.func('int seccomp_export_bpf(void *, int)'),
    release: library.func('void seccomp_release(void *)'),
  };
  return loaded;
}

/** struct scmp_arg_cmp: arg 0 (4 bytes), op 4 (4), datum_a 8, datum_b 16. */
function comparison(argument: NonNullable<SyscallRule['argument']>): Buffer {
  const buffer = Buffer.alloc(24);
  buffer.writeUInt32LE(argument.index, 0);
  buffer.writeUInt32LE(COMPARE_MASKED_EQUAL, 4);
  buffer.writeBigUInt64LE(argument.mask, 8);
  buffer.writeBigUInt64LE(argument.value, 16);
  return buffer;
}

export interface SeccompFilter {
  /** The compiled filter (BPF), as `bwrap --seccomp` takes it. Reopen it for each reader. */
  readonly file: Descriptor;
  /** SHA-256 of the compiled filter, hex. */
  readonly digest: string;
  /** What it was made from, for a launcher that compiles it itself. */
  readonly plan: FilterPlan;
  /** errno of a refused call. */
  readonly refusal: number;
}

/** Whether libseccomp knows a system call by this name, on any architecture. */
export function isSyscall(name: string): boolean {
  return libseccomp().resolve(name) !== UNKNOWN_SYSCALL;
}

/** The number of a system call on this architecture, or null where it has none of that name. */
export function syscallNumber(name: string): number | null {
  const number = libseccomp().resolve(name);
  // Pseudo numbers below -1: known by name, absent on this architecture.
  return number < 0 ? null : number;
}

/**
 * Compiles a filter, and refuses the 32-bit and x32 entries as a whole. System calls that this architecture lacks are
 * left out.
 * @param refusal errno of a refused call; EPERM but for tests, which prove the filter with another number, since
 *   without capabilities most of these calls would answer EPERM with no filter at all.
 * @throws PosixError where libseccomp refuses a rule.
 */
export function buildSeccompFilter(plan: FilterPlan, refusal: number = EPERM): SeccompFilter {
  const library = libseccomp();
  const actions = { allow: ACT_ALLOW, refuse: ACT_ERRNO | refusal, ENOSYS: ACT_ERRNO | ENOSYS };
  const context = library.init(actions[plan.unlisted]);
  try {
    check('set', library.setAttribute(context, ATTRIBUTE_BAD_ARCHITECTURE, ACT_ERRNO | refusal));
    // Before libseccomp 2.5 there is no such attribute: then the filter is a list.
    library.setAttribute(context, ATTRIBUTE_OPTIMIZE, OPTIMIZE_TREE);
    for (const rule of plan.rules) {
      if (!isSyscall(rule.syscall))
        throw new Error(`Cannot build a filter: libseccomp knows no ${rule.syscall}`);
      const number = syscallNumber(rule.syscall);
      if (number === null) continue;
      const comparisons = rule.argument === undefined ? null : comparison(rule.argument);
      check(
        rule.syscall,
        library.add(context, actions[rule.answer], number, comparisons === null ? 0 : 1, comparisons),
      );
    }
    const file = makeMemoryFile('driverd-seccomp');
    check('export', library.exportFilter(context, file.number));
    const digest = createHash('sha256')
      .update(readFileSync(`/proc/self/fd/${file.number}`))
      .digest('hex');
    return { file, digest, plan, refusal };
  } finally {
    library.release(context);
  }
}

function check(what: string, result: number): void {
  if (result < 0) throw new PosixError(`build a filter (${what})`, -result);
}
