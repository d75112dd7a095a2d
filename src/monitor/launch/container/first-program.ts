/** Where the program's standard streams wait until the gate gets them: runc keeps 0, 1 and 2 of a container for itself. */
export const STREAMS_DESCRIPTOR = 4;
/** The first that a program in a container may find open beside its three standard streams. */
export const FIRST_FREE_IN_CONTAINER = STREAMS_DESCRIPTOR + 3;

/**
 * The first program of a container, a short POSIX `sh`. As pid 1 of its namespace the driver itself would be deaf to
 * signals that it has no handler for, its own abort() with them, and would have to bury processes that it does not know
 * (pid_namespaces(7)): so the first program waits for the gate, and ends with its status. All others die with it.
 *
 * The standard streams come as descriptors 4 to 6, since `runc run` without --detach would read and copy what goes
 * through 0, 1 and 2 (runc, docs/terminals.md); with --detach nobody would hear how it ended.
 */
const SCRIPT = `
[ "$1" = keep ] || unset HOME
shift
(exec "$@" 0<&4 1>&5 2>&6 4<&- 5>&- 6>&-)
exit "$?"
`;

/**
 * @param keepsHome whether the driver is given a HOME: else runc makes one up from the root folder's /etc/passwd
 */
export function firstProgram(gate: readonly string[], keepsHome: boolean): string[] {
  return ['/bin/sh', '-c', SCRIPT, 'first', keepsHome ? 'keep' : 'drop', ...gate];
}
