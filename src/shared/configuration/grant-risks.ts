/**
 * Why some capabilities are for root drivers alone: with them what the kernel said of a driver before it began would not
 * stay true, and its record would name another user, other sets or other walls than it has.
 */
const ONLY_FOR_ROOT: Readonly<Record<string, string>> = {
  CAP_SETUID: 'lets it become root, since it has no user namespace of its own',
  CAP_SETGID: 'lets it take any group, root’s and shadow with it',
  CAP_SETPCAP: 'lets it change its own sets of capabilities',
  CAP_SETFCAP: 'lets it put capabilities on files, and with them on whoever runs those',
  CAP_SYS_ADMIN: 'undoes the walls of a sandbox',
};

/** What others make of a sandbox, as the end of a sentence. */
const RISKS: Readonly<Record<string, string>> = {
  CAP_CHOWN: 'can make itself the owner of whatever it may write to',
  CAP_DAC_OVERRIDE: 'reads and writes every file in its view as root would',
  CAP_DAC_READ_SEARCH: 'reads every file in its view as root would',
  CAP_FOWNER: 'changes modes of files that are not its own, where it may write',
  CAP_FSETID: 'can leave set-user-ID and set-group-ID programs behind where it may write',
  CAP_LINUX_IMMUTABLE: 'can make files that root cannot remove where it may write',
  CAP_NET_ADMIN: 'opens much of the kernel’s network code to it, in a network of its own too',
  CAP_SYS_MODULE: 'loads code into the kernel if the filter lets it',
  CAP_SYS_RAWIO: 'reaches hardware and memory through granted devices',
  CAP_SYS_PTRACE: 'sees into every process of its sandbox, root’s first one with them',
  CAP_SYS_BOOT: 'restarts the host if the filter lets it',
  CAP_SYS_NICE: 'can take the processors from everybody else',
  CAP_SYS_RESOURCE: 'passes by every limit but its cgroup’s',
  CAP_SYS_TIME: 'sets the host’s clock if the filter lets it',
  CAP_MKNOD: 'makes device files where it may write, for others on the host to use',
  CAP_MAC_OVERRIDE: 'is not held by the host’s mandatory access control',
  CAP_MAC_ADMIN: 'changes the host’s mandatory access control',
  CAP_SYSLOG: 'reads the kernel’s addresses',
  CAP_PERFMON: 'watches the whole host if the filter lets it',
  CAP_BPF: 'loads programs into the kernel if the filter lets it',
  CAP_CHECKPOINT_RESTORE: 'sees what other processes have open and mapped',
  CAP_AUDIT_CONTROL: 'can turn the kernel’s audit off with a netlink socket',
};

/** With `network: host`. */
const RISKS_ON_HOST_NETWORK: Readonly<Record<string, string>> = {
  CAP_NET_RAW: 'reads what comes to the host by the network and forges what leaves it',
  CAP_NET_ADMIN: 'changes addresses, routes and firewall of the host',
  CAP_NET_BIND_SERVICE: 'can take the host’s well-known ports',
};

/** Why only a driver that runs as root may have it, as the end of a sentence; null: any may. */
export function onlyForRoot(capability: string): string | null {
  return ONLY_FOR_ROOT[capability] ?? null;
}

/** What an admin should have read of a profile's grants, one sentence each. */
export function risksOf(granted: {
  readonly capabilities: readonly string[];
  readonly network: string;
  readonly isRoot: boolean;
}): readonly string[] {
  const onHost = granted.network === 'host';
  const ofCapabilities = granted.capabilities.flatMap((name) => {
    const risk = (onHost ? RISKS_ON_HOST_NETWORK[name] : undefined) ?? ONLY_FOR_ROOT[name] ?? RISKS[name];
    return risk === undefined ? [] : [`${name} ${risk}.`];
  });
  if (!granted.isRoot) return ofCapabilities;
  return [
    'It runs as root: what it writes is root’s, its filter and its view are all that hold it, and a cgroup alone counts its processes.',
    ...(onHost ? ['Services that trust root on abstract Unix sockets take it for the host’s root.'] : []),
    ...ofCapabilities,
  ];
}
