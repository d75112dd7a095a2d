/** A systemd unit as the caller's cgroup names it. `user` units are named by their owner, so they are a type of their own. */
export interface SystemdUnit {
  readonly manager: 'system' | 'user';
  readonly name: string;
}

/** The container that a cgroup's path names. `user`: the path lies with a user's own manager, so its owner could make it up. */
export interface Container {
  readonly runtime: 'docker' | 'podman' | 'kubernetes' | 'nspawn' | 'lxc';
  /** Printable ASCII. */
  readonly id: string;
  readonly manager: 'system' | 'user';
}

/**
 * Who is at the other end of a connection, as the kernel said at accept (invariant 3): SO_PEERCRED, SO_PEERGROUPS
 * and, where SO_PEERPIDFD proves that the pid is still the caller, the unit of its cgroup. Read by the monitor, once.
 */
export interface Caller {
  /** Unsigned 32-bit numbers. */
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly pid: number;
  /** Whether it could be looked at, and all that was read by its pid is proven to be the caller's (SO_PEERPIDFD, Linux 6.5). */
  readonly pidProven: boolean;
  /** null: no unit, or it cannot be proven (before Linux 6.5). */
  readonly unit: SystemdUnit | null;
  /** null: in none, or it cannot be proven. */
  readonly container: Container | null;
  /** Who logged in, whatever was done since (proc_pid_loginuid(5)); null: nobody did, or it cannot be proven. */
  readonly loginUid: number | null;
  readonly loginSession: number | null;
}
