import { type SeccompFilter, type SyscallRule, syscallNumber } from '../../../posix/seccomp.ts';

const ENOSYS = 38;

/**
 * A filter as runc takes it (OCI runtime specification, config-linux.md, Seccomp): the same rules, which runc compiles with
 * the same libseccomp. One answer is its own: it ends whoever enters by the 32-bit or x32 way (SIGSYS), where our compiled
 * filter refuses the call.
 */
export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls: readonly {
    readonly names: readonly [string];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly [OciComparison];
  }[];
}

interface OciComparison {
  readonly index: number;
  /** The mask. */
  readonly value: number;
  readonly valueTwo: number;
  readonly op: 'SCMP_CMP_MASKED_EQ';
}

export function ociSeccomp({ plan, refusal }: Pick<SeccompFilter, 'plan' | 'refusal'>): OciSeccomp {
  const errnoOf = { refuse: refusal, ENOSYS } as const;
  // runc leaves out names that this architecture lacks, as our own filter does; here they are not even named.
  const known = plan.rules.filter(({ syscall }) => syscallNumber(syscall) !== null);
  return {
    ...(plan.unlisted === 'allow'
      ? { defaultAction: 'SCMP_ACT_ALLOW' }
      : // With a number of its own, runc answers no ENOSYS above the last call that is listed (patchbpf, enosys_linux.go).
        { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: refusal }),
    syscalls: known.map(({ syscall, answer, argument }) => ({
      names: [syscall],
      ...(answer === 'allow'
        ? { action: 'SCMP_ACT_ALLOW' }
        : { action: 'SCMP_ACT_ERRNO', errnoRet: errnoOf[answer] }),
      ...(argument === undefined ? {} : { args: [comparison(argument)] }),
    })),
  };
}

/** Both are below 2^53, which a JSON number holds exactly; a filter that is not would be another filter. */
function comparison({ index, mask, value }: NonNullable<SyscallRule['argument']>): OciComparison {
  const [one, two] = [Number(mask), Number(value)];
  if (!Number.isSafeInteger(one) || !Number.isSafeInteger(two))
    throw new Error('Cannot write a filter for runc: a mask or value is too large for JSON');
  return { index, value: one, valueTwo: two, op: 'SCMP_CMP_MASKED_EQ' };
}
