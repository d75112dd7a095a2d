/**
 * The gate: the first program inside a sandbox after every privilege is gone, a short POSIX `sh`.
 *
 * On descriptor 3, which only it and the monitor share, it says "ready", waits for "go" and closes the descriptor;
 * if the monitor ends before "go" it reads end-of-file and exits. (`bwrap --block-fd` is no gate: at end-of-file
 * the program runs.) Behind "go" come the values of secrets that the program takes as variables, one line each. Then it
 * becomes the program.
 *
 * For a `command` driver it first reads from stdin, the broker's end, what the caller's params became: for each
 * environment name of its own arguments `:value`, or `-` for unset, with a line `+value` before for each line of a value
 * that has several; then one line per argv element (`:value`), then a line `.`: `sh` cannot tell an empty line from end-of-file, which must end the launch. Names of variables stand in
 * its arguments, which the monitor wrote; values are assigned without `eval`. `read` takes byte by byte, so that what
 * follows on stdin is the program's.
 */
const SCRIPT = `
umask 077
ulimit -c 0 && ulimit -n "$1" && ulimit -f "$2" && ulimit -t "$3" || exit 126
[ "$4" = - ] || ulimit -d "$4" || exit 126
[ "$5" = - ] || ulimit -v "$5" || exit 126
ulimit -u "$6" 2>/dev/null || ulimit -p "$6" || exit 126
echo "$7" 2>/dev/null >/proc/self/oom_score_adj || {
  IFS= read -r oom </proc/self/oom_score_adj && [ "$oom" -ge "$7" ] || exit 126
  unset oom
}
mode=$8 secrets=$9 names=\${10}
shift 10
echo ready >&3 || exit 125
IFS= read -r go <&3 || exit 125
[ "$go" = go ] || exit 125
while [ "$secrets" -gt 0 ]; do
  IFS= read -r line <&3 || exit 125
  case $line in :*) export "$1=\${line#:}" ;; *) exit 125 ;; esac
  shift
  secrets=$((secrets - 1))
done
unset line go
exec 3>&-
[ "$mode" = command ] || { unset mode names secrets; exec "$@"; }
value=
while [ "$names" -gt 0 ]; do
  IFS= read -r line || exit 125
  case $line in
    +*) value=$value\${line#+}'
'; continue ;;
    :*) export "$1=$value\${line#:}" ;;
    -) ;;
    *) exit 125 ;;
  esac
  value=
  shift
  names=$((names - 1))
done
unset value
while IFS= read -r line; do
  case $line in
    :*) set -- "$@" "\${line#:}" ;;
    .) unset line names mode secrets; exec "$@" ;;
    *) exit 125 ;;
  esac
done
exit 125
`;

/** The descriptor that gate and monitor share. */
export const GATE_DESCRIPTOR = 3;
/** The first that a program may find open beside its three standard streams. */
export const FIRST_FREE_DESCRIPTOR = GATE_DESCRIPTOR + 1;
/** What the gate says, and what it waits for. */
export const GATE_READY = 'ready\n';
export const GATE_GO = 'go\n';

/** Limits that the gate sets (setrlimit(2)); null leaves one as it is. */
export interface ProcessLimits {
  readonly openFiles: number;
  /** Bytes, in steps of 512. */
  readonly fileBytes: number;
  readonly cpuSeconds: number;
  /** Bytes, in steps of 1024. RLIMIT_DATA does not see shared mappings. */
  readonly dataBytes: number | null;
  /** Bytes, in steps of 1024. */
  readonly addressSpaceBytes: number | null;
  readonly processes: number;
  /** How readily the kernel picks it when memory runs out, 0 to 1000 (proc_pid_oom_score_adj(5)); it cannot be lowered. */
  readonly oomScore: number;
}

export interface GateProgram {
  /** `command`: argv elements and environment values come on stdin. */
  readonly mode: 'direct' | 'command';
  /** Names whose values come on stdin, in order. */
  readonly environmentNames: readonly string[];
  readonly argv: readonly string[];
}

/**
 * The gate's own argv.
 * @param secretVariables names of the variables whose values come behind "go", in their order
 */
export function gateArguments(
  limits: ProcessLimits,
  program: GateProgram,
  secretVariables: readonly string[],
): string[] {
  const kibibytes = (bytes: number | null): string =>
    bytes === null ? '-' : String(Math.floor(bytes / 1024));
  return [
    '/bin/sh',
    '-c',
    SCRIPT,
    'gate',
    String(limits.openFiles),
    String(Math.floor(limits.fileBytes / 512)),
    String(limits.cpuSeconds),
    kibibytes(limits.dataBytes),
    kibibytes(limits.addressSpaceBytes),
    String(limits.processes),
    String(limits.oomScore),
    program.mode,
    String(secretVariables.length),
    String(program.environmentNames.length),
    ...secretVariables,
    ...program.environmentNames,
    ...program.argv,
  ];
}
