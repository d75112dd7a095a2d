// Made by scripts/generate-configuration.ts from protocol/*.schema.json. Do not edit.

/**
 * driverd.yaml: settings of the daemon.
 */
export interface Settings {
/**
 * Version of this format.
 */
version: 1
/**
 * Marks a configuration that is not for production; driverd refuses it unless started with --development.
 */
development: boolean
/**
 * Where callers connect.
 */
socket: {
/**
 * The socket. `--socket` overrides it.
 */
path: string
/**
 * Group that may connect; null leaves the daemon's own. Rootless it is ignored.
 */
group: (string | null)
/**
 * Permission bits, octal.
 */
mode: string
}
/**
 * Folders that hold drivers, one folder each; the first that has a driver is taken.
 * 
 * @maxItems 16
 * 
 * Items: A folder of drivers.
 */
driver_paths: string[]
/**
 * Range of numeric users: the broker takes the first, profiles with `user: auto` one each.
 */
identities: {
/**
 * First number.
 */
first: number
/**
 * Last number.
 */
last: number
}
/**
 * Numeric user and group of the broker; null takes the first of `identities`.
 */
broker_user: ({
/**
 * Number of the user.
 */
uid: number
/**
 * Number of the group.
 */
gid: number
} | null)
/**
 * One group that may write configuration files.
 */
trusted_group: (string | null)
/**
 * Names for users, groups and units together: `principal in Role::"NAME"` in a policy is any of them, and limits can be set for a role.
 */
roles: {
/**
 * Whom the role has.
 */
[k: string]: {
/**
 * Users by name.
 * 
 * @maxItems 64
 * 
 * Items: Users by name.
 */
users: string[]
/**
 * Groups by name.
 * 
 * @maxItems 64
 * 
 * Items: Groups by name.
 */
groups: string[]
/**
 * System units by full name.
 * 
 * @maxItems 64
 * 
 * Items: System units by full name.
 */
units: string[]
}
}
/**
 * The record of every call.
 */
audit: {
/**
 * The log. Its folder is driverd's own.
 */
path: string
/**
 * What is on disk before a reply leaves: the outcome, the intent before hand-over alone, or nothing.
 */
durability: ("outcome" | "intent" | "none")
/**
 * When the log is sealed and its key replaced, whichever comes first. Whoever is root in between can forge what was written since.
 */
seal: {
/**
 * So many records after the last seal.
 */
records: number
/**
 * So long after the last seal, in seconds; also when nothing happens.
 */
seconds: number
}
/**
 * How long the file that is written to may become, in bytes, before it is closed and the next one is begun.
 */
rotate_bytes: number
/**
 * How long one file is written to, in hours.
 */
rotate_hours: number
/**
 * Whether closed segments are compressed (gzip).
 */
compress: boolean
/**
 * When the oldest segments are removed.
 */
retention: {
/**
 * How much room all segments may take together, in bytes; null: there is no such limit.
 */
max_bytes: (number | null)
/**
 * How long a closed segment is kept, in days; null: there is no such limit.
 */
max_days: (number | null)
/**
 * What was closed less than so many days ago is never removed, whatever the other limits ask for; 0 takes this protection away.
 */
min_days: number
}
/**
 * Free bytes on the log's disk below which driverd warns; 0: never.
 */
low_water_bytes: number
/**
 * Bytes kept beside the log and given up when the disk is full, so that what is under way can be closed on record.
 */
reserve_bytes: number
/**
 * After how many days params are hashed with a new key; the old ones stay for look-up. null: never.
 */
params_key_days: (number | null)
/**
 * How often files of the configuration, the socket and the log are looked at for what changed beside a reload, in milliseconds.
 */
watch_ms: number
/**
 * How many denials of one user within `repeated_denials_ms` make a record of their own.
 */
repeated_denials: number
/**
 * Over how long denials of one user are counted together, in milliseconds.
 */
repeated_denials_ms: number
}
/**
 * Level of the operational log, for monitor and broker. No level holds params, results or secrets.
 */
log_level: ("fatal" | "error" | "warn" | "info" | "debug")
/**
 * How long calls may go on after SIGTERM, in milliseconds.
 */
drain_ms: number
/**
 * Bounds on what callers may use.
 */
limits: {
/**
 * Longest message of a caller, in bytes.
 */
message_bytes: number
/**
 * How long a begun message may take to arrive, in milliseconds.
 */
message_ms: number
/**
 * Deepest nesting of JSON that is read.
 */
nesting_depth: number
/**
 * Most object keys in one message, and most arrays and objects.
 */
keys: number
/**
 * Most calls in one batch.
 */
batch_length: number
/**
 * Most calls of one connection at once; then it is not read.
 */
in_flight_per_connection: number
/**
 * Most calls of one uid at once, over all its connections. Fewer than `launches`: else one whose drivers hang takes all of them.
 */
in_flight_per_identity: number
/**
 * Most calls at once.
 */
in_flight: number
/**
 * Most calls of one driver at once, of all callers. More than one identity may have, so that none can take them all.
 */
in_flight_per_driver: number
/**
 * Most calls of one uid that wait for a place at once. Of one connection, as many as it may have at once.
 */
queued_per_identity: number
/**
 * Most calls of one driver that wait for a place at once.
 */
queued_per_driver: number
/**
 * Most calls that wait for a place at once. Identities take turns.
 */
queued: number
/**
 * How long a call may wait for a place, in milliseconds; 0: it is refused at once.
 */
queue_ms: number
/**
 * How often one uid may call one method in a minute.
 */
calls_per_minute: number
/**
 * How often one uid may call one method that is marked destructive in a minute.
 */
destructive_calls_per_minute: number
/**
 * Most connections of one uid at once.
 */
connections_per_identity: number
/**
 * Most connections that one user may open in a second; each is on record.
 */
connections_per_second: number
/**
 * Most connections at once.
 */
connections: number
/**
 * How many bytes a caller may leave unread before no more of its calls are read.
 */
reply_buffer_bytes: number
/**
 * How long a caller may leave what waits of a stream unread before its connection is ended, in milliseconds.
 */
stream_stall_ms: number
/**
 * Most driver processes alive at once.
 */
launches: number
/**
 * Most drivers started in a second.
 */
launches_per_second: number
/**
 * Most audit records a second that the broker may ask for; beyond it, it waits.
 */
audit_records_per_second: number
/**
 * Most bytes a second of what the broker wants recorded; beyond it, it waits.
 */
audit_bytes_per_second: number
/**
 * How much of a failed driver's scrubbed stderr an error carries, in bytes.
 */
stderr_tail_bytes: number
/**
 * How much of each driver's scrubbed stderr and `log` messages the broker keeps for `driverctl logs`, in bytes; 64 MiB for all drivers together.
 */
driver_log_ring_bytes: number
/**
 * How much one driver may write to the operational log in a minute, in bytes, 256 for each line beside its text; all together four times that. What is left out is counted there. 0: nothing is written.
 */
driver_log_bytes_per_minute: number
}
/**
 * Other limits for roles, drivers and methods. Of the entries that match a call, the first that sets a limit decides about that one.
 * 
 * @maxItems 64
 * 
 * Items: Whom and what it is for, and the limits that differ. Without `roles` it is for every caller; limits of a connection can be set for roles alone.
 */
limit_overrides: {
/**
 * Callers who have one of these roles.
 * 
 * @minItems 1
 * @maxItems 64
 * 
 * Items: A name of `roles`.
 */
roles?: string[]
/**
 * Methods of one of these drivers; `rpc` is the built-in one.
 * 
 * @minItems 1
 * @maxItems 64
 * 
 * Items: A profile's name.
 */
drivers?: string[]
/**
 * One of these methods.
 * 
 * @minItems 1
 * @maxItems 256
 * 
 * Items: A method as callers name it.
 */
methods?: string[]
/**
 * The limits that differ, each within its bounds in `limits`.
 */
limits: {
/**
 * Longest message of a caller, in bytes.
 */
message_bytes?: number
/**
 * How long a begun message may take to arrive, in milliseconds.
 */
message_ms?: number
/**
 * Deepest nesting of JSON that is read.
 */
nesting_depth?: number
/**
 * Most object keys in one message, and most arrays and objects.
 */
keys?: number
/**
 * Most calls in one batch.
 */
batch_length?: number
/**
 * Most calls of one connection at once; then it is not read.
 */
in_flight_per_connection?: number
/**
 * Most connections of one uid at once.
 */
connections_per_identity?: number
/**
 * How many bytes a caller may leave unread before no more of its calls are read.
 */
reply_buffer_bytes?: number
/**
 * How long a caller may leave what waits of a stream unread before its connection is ended, in milliseconds.
 */
stream_stall_ms?: number
/**
 * Most calls of one uid at once, over all its connections. Fewer than `launches`: else one whose drivers hang takes all of them.
 */
in_flight_per_identity?: number
/**
 * Most calls of one driver at once, of all callers. More than one identity may have, so that none can take them all.
 */
in_flight_per_driver?: number
/**
 * Most calls of one uid that wait for a place at once. Of one connection, as many as it may have at once.
 */
queued_per_identity?: number
/**
 * Most calls of one driver that wait for a place at once.
 */
queued_per_driver?: number
/**
 * How long a call may wait for a place, in milliseconds; 0: it is refused at once.
 */
queue_ms?: number
/**
 * How often one uid may call one method in a minute.
 */
calls_per_minute?: number
/**
 * How often one uid may call one method that is marked destructive in a minute.
 */
destructive_calls_per_minute?: number
}
}[]
/**
 * What is masked in the outputs of all drivers and in logs, beside driverd's own rules.
 */
scrub: {
/**
 * Secrets that can be told by their looks. A mark is `[REDACTED:<id>]`.
 * 
 * @maxItems 128
 * 
 * Items: One rule.
 */
rules: {
/**
 * Stands in the mark; none of driverd's own.
 */
id: string
/**
 * Printable ASCII, 3 characters or more, upper and lower case alike; the pattern is tried only on lines in which one of them stands. Rare ones save time.
 * 
 * @minItems 1
 * @maxItems 32
 * 
 * Items: One keyword.
 */
keywords: string[]
/**
 * A regular expression in RE2's syntax, tried on each line as bytes; its group `secret` is masked, or the whole match where it has none.
 */
pattern: string
/**
 * What has less than so many bits a character is left.
 */
minimum_entropy?: number
/**
 * A pattern likewise: a secret that it matches somewhere is left.
 */
allow?: string
/**
 * Lines in which the rule must find something, or the configuration is refused.
 * 
 * @maxItems 32
 * 
 * Items: One line.
 */
examples: string[]
}[]
/**
 * What rules find and is left all the same. Values that driverd knows, and private keys, are masked whatever stands here.
 * 
 * @maxItems 512
 * 
 * Items: One exception, by its text or by a pattern.
 */
allow: {
/**
 * The whole of what a rule finds, exactly.
 */
text?: string
/**
 * A regular expression in RE2's syntax that matches the whole of what a rule finds.
 */
pattern?: string
/**
 * For these rules alone; for all of them if left out.
 * 
 * @minItems 1
 * @maxItems 128
 * 
 * Items: A rule's id.
 */
rules?: string[]
}[]
/**
 * Secrets that driverd is to know, whichever driver prints them; read anew with each reload.
 * 
 * @maxItems 64
 * 
 * Items: One value.
 */
values: {
/**
 * Stands in the mark.
 */
name: string
/**
 * A file of root's, 8 bytes to 64 KiB, that nobody else can write.
 */
file: string
}[]
}
}

/**
 * drivers.d/<name>.yaml: enables a driver under the file's name and says what it is granted.
 */
export interface Profile {
/**
 * Version of this format.
 */
version: 1
/**
 * Name of the driver; the profile's own name if left out.
 */
driver?: string
/**
 * User of the driver's processes: `auto` gives a number of its own; `root` needs `accept_root`.
 */
user: string
/**
 * Why this driver must run as root, 8 to 512 characters. `user: root` needs it, and it stands in the record of each launch.
 */
accept_root?: string
/**
 * Supplementary groups of the driver's processes, by name (a daemon that runs as root).
 * 
 * @maxItems 32
 */
groups: string[]
/**
 * `sandbox`: bubblewrap. `container`: runc, on the root folder in `root`, with no network (a daemon that runs as root).
 */
launcher: ("sandbox" | "container")
/**
 * Where this host cannot start containers: `refuse` the profile, or start its driver in the `sandbox` with the same root folder; each such launch says so in its record.
 */
fallback: ("refuse" | "sandbox")
/**
 * A folder of root's that holds a whole system, unpacked from an image: what the driver sees, read-only, instead of this host's system.
 */
root?: string
/**
 * What the driver sees beside the minimal read-only system.
 */
filesystem: {
/**
 * Folders and files, read-only; `at` puts one elsewhere in the driver's view.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
read: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Folders and files that the driver may change, as far as its user may.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
write: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Private folders of one launch beside /tmp: empty at its start, gone at its end.
 * 
 * @maxItems 16
 * 
 * Items: A normalised absolute path.
 */
scratch: string[]
}
/**
 * `none`: only Unix sockets can be made. `loopback`: a loopback of its own. `host`: the host's network, its abstract Unix sockets with it.
 */
network: ("none" | "loopback" | "host")
/**
 * Capabilities of the driver's processes, and no others; a daemon that runs as root.
 * 
 * @maxItems 41
 */
capabilities: string[]
/**
 * Device files below /dev, beside the minimal set.
 * 
 * @maxItems 32
 */
devices: string[]
/**
 * The filter on system calls.
 */
syscalls: {
/**
 * `default` refuses what no driver should need. `strict` allows a list and refuses the rest.
 */
filter: ("default" | "strict")
/**
 * System calls that the filter would refuse, by name.
 * 
 * @maxItems 64
 */
allow: string[]
/**
 * Socket families that the filter would refuse.
 * 
 * @maxItems 3
 */
sockets: ("netlink" | "packet" | "vsock")[]
}
/**
 * Bounds of each launch.
 */
limits: {
/**
 * Longest run, in milliseconds.
 */
wall_ms: number
/**
 * How long a driver may say nothing, on stdout or stderr, before it is ended, in milliseconds; progress and log messages count, and what is beyond output_bytes too. null: up to wall_ms. Not in `mode: persistent`.
 */
idle_ms: (number | null)
/**
 * Most CPU time of a process, in seconds.
 */
cpu_seconds: number
/**
 * RLIMIT_AS in bytes; null leaves it. Node needs 2 GiB.
 */
address_space_bytes: (number | null)
/**
 * RLIMIT_DATA in bytes; null leaves it. Node needs 1 GiB. Shared mappings are not seen.
 */
data_bytes: (number | null)
/**
 * memory.max of the launch's cgroup in bytes: every page of all its processes, shared mappings and scratch folders with it; no swap. Only where driverd has the memory controller of cgroup v2; else records say `degraded: memory`, and `require: [memory]` refuses.
 */
memory_bytes: number
/**
 * cpu.max of the launch's cgroup in hundredths of a processor; null leaves it. Refused where driverd has no cpu controller of cgroup v2.
 */
cpu_percent: (number | null)
/**
 * Most processes and threads.
 */
processes: number
/**
 * Most open files of a process.
 */
open_files: number
/**
 * Largest file that may be written, in bytes.
 */
file_bytes: number
/**
 * Most bytes of stdout and stderr together.
 */
output_bytes: number
/**
 * Most bytes of stdout and stderr together of a method with `stream: true`, in place of `output_bytes`: they pass through and are not kept.
 */
stream_bytes: number
/**
 * How long a driver may go on after SIGTERM, which it gets when its call is cancelled or its caller goes, in milliseconds; then everything that was started for the call is killed. 0: killed at once.
 */
term_grace_ms: number
/**
 * Size of /tmp and of each scratch folder, in bytes.
 */
scratch_bytes: number
}
/**
 * `oneshot`: a fresh process for each call. `persistent`: one process answers many calls, which then share it (`jsonrpc` drivers that are written for it).
 */
mode: ("oneshot" | "persistent")
/**
 * Processes that are started before their calls, each for one: their number, or the fewest and the most that stand ready. Left out: none.
 */
prestart?: (number | {
/**
 * Processes that stand ready however few calls come.
 */
min: number
/**
 * Processes that stand ready at most, when as many calls came at once.
 */
max: number
})
/**
 * How a driver in `mode: persistent` is run.
 */
persistent: {
/**
 * How many of them answer calls.
 */
processes: number
/**
 * Most calls that one process has at a time; more wait for a place.
 */
max_concurrency: number
/**
 * A process is replaced after so many calls.
 */
recycle_calls: number
/**
 * A process is replaced when it is so old, in milliseconds.
 */
recycle_age_ms: number
/**
 * A process is replaced when it holds more, in bytes: what its cgroup counts, or its own resident memory where it has none. null: however much it holds.
 */
recycle_memory_bytes: (number | null)
}
/**
 * Literal environment variables.
 */
environment: {
[k: string]: string
}
/**
 * Values that the driver gets and that are scrubbed from all its output.
 * 
 * @maxItems 16
 * 
 * Items: One secret.
 */
secrets: {
/**
 * Its name; the file name below /run/secrets.
 */
name: string
/**
 * Provider: a file of root's, 8 bytes to 64 KiB.
 */
file?: string
/**
 * Provider: a credential of driverd's systemd unit (LoadCredential=).
 */
credential?: string
/**
 * How the driver gets it: a file, an open descriptor, or an environment variable where the program takes nothing else.
 */
as: ("file" | "descriptor" | "environment")
/**
 * The variable that holds the value (`environment`) or the descriptor's number (`descriptor`).
 */
variable?: string
}[]
/**
 * Whether an error carries exit status and the scrubbed tail of stderr.
 */
stderr_in_errors: boolean
/**
 * What audit records say of a call's params: `hash`, a keyed hash that only root can search for; `names`, the names of the top-level fields; `omit`, nothing.
 */
params: ("hash" | "names" | "omit")
/**
 * Where the driver's stderr and its `log` messages are kept, scrubbed: `journal`, the operational log and the broker's memory (`driverctl logs`); `memory`, there alone; `none`, nowhere.
 */
logs: ("journal" | "memory" | "none")
/**
 * Where the program starts, in the driver's view; its own folder if left out.
 */
workdir: string
/**
 * `fail` ends the call. `truncate` (command drivers) drops what is beyond the limit and says how many bytes.
 */
on_output_limit: ("fail" | "truncate")
/**
 * What the host must really hold; where it cannot, the profile is refused. `memory`: a limit that sees every page.
 * 
 * @maxItems 1
 */
require: ("memory")[]
}

/**
 * driver.yaml: a driver's methods, program, and what it asks for.
 */
export interface Manifest {
/**
 * Version of this format.
 */
version: 1
/**
 * Name of the driver and of its folder.
 */
name: string
/**
 * `jsonrpc`: speaks the driver protocol. `command`: any program.
 */
kind: ("jsonrpc" | "command")
/**
 * One line.
 */
title?: string
/**
 * What it is for.
 */
description?: string
/**
 * What is started; the only block that the monitor reads.
 */
program: {
/**
 * An absolute path, or the name of a file in the driver's folder.
 */
executable?: string
/**
 * A file in the driver's folder, run on the daemon's own Node.
 */
node?: string
/**
 * Fixed leading words.
 * 
 * @maxItems 64
 */
arguments: string[]
/**
 * Names of variables whose values methods may set (command drivers).
 * 
 * @maxItems 32
 */
environment: string[]
}
/**
 * What it asks for, in a profile's words; nothing is granted by it.
 */
asks?: {
/**
 * Supplementary groups of the driver's processes, by name (a daemon that runs as root).
 * 
 * @maxItems 32
 */
groups?: string[]
/**
 * What the driver sees beside the minimal read-only system.
 */
filesystem?: {
/**
 * Folders and files, read-only; `at` puts one elsewhere in the driver's view.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
read?: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Folders and files that the driver may change, as far as its user may.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
write?: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Private folders of one launch beside /tmp: empty at its start, gone at its end.
 * 
 * @maxItems 16
 * 
 * Items: A normalised absolute path.
 */
scratch?: string[]
}
/**
 * `none`: only Unix sockets can be made. `loopback`: a loopback of its own. `host`: the host's network, its abstract Unix sockets with it.
 */
network?: ("none" | "loopback" | "host")
/**
 * Capabilities of the driver's processes, and no others; a daemon that runs as root.
 * 
 * @maxItems 41
 */
capabilities?: string[]
/**
 * Device files below /dev, beside the minimal set.
 * 
 * @maxItems 32
 */
devices?: string[]
/**
 * The filter on system calls.
 */
syscalls?: {
/**
 * `default` refuses what no driver should need. `strict` allows a list and refuses the rest.
 */
filter?: ("default" | "strict")
/**
 * System calls that the filter would refuse, by name.
 * 
 * @maxItems 64
 */
allow?: string[]
/**
 * Socket families that the filter would refuse.
 * 
 * @maxItems 3
 */
sockets?: ("netlink" | "packet" | "vsock")[]
}
/**
 * Bounds of each launch.
 */
limits?: {
/**
 * Longest run, in milliseconds.
 */
wall_ms?: number
/**
 * How long a driver may say nothing, on stdout or stderr, before it is ended, in milliseconds; progress and log messages count, and what is beyond output_bytes too. null: up to wall_ms. Not in `mode: persistent`.
 */
idle_ms?: (number | null)
/**
 * Most CPU time of a process, in seconds.
 */
cpu_seconds?: number
/**
 * RLIMIT_AS in bytes; null leaves it. Node needs 2 GiB.
 */
address_space_bytes?: (number | null)
/**
 * RLIMIT_DATA in bytes; null leaves it. Node needs 1 GiB. Shared mappings are not seen.
 */
data_bytes?: (number | null)
/**
 * memory.max of the launch's cgroup in bytes: every page of all its processes, shared mappings and scratch folders with it; no swap. Only where driverd has the memory controller of cgroup v2; else records say `degraded: memory`, and `require: [memory]` refuses.
 */
memory_bytes?: number
/**
 * cpu.max of the launch's cgroup in hundredths of a processor; null leaves it. Refused where driverd has no cpu controller of cgroup v2.
 */
cpu_percent?: (number | null)
/**
 * Most processes and threads.
 */
processes?: number
/**
 * Most open files of a process.
 */
open_files?: number
/**
 * Largest file that may be written, in bytes.
 */
file_bytes?: number
/**
 * Most bytes of stdout and stderr together.
 */
output_bytes?: number
/**
 * Most bytes of stdout and stderr together of a method with `stream: true`, in place of `output_bytes`: they pass through and are not kept.
 */
stream_bytes?: number
/**
 * How long a driver may go on after SIGTERM, which it gets when its call is cancelled or its caller goes, in milliseconds; then everything that was started for the call is killed. 0: killed at once.
 */
term_grace_ms?: number
/**
 * Size of /tmp and of each scratch folder, in bytes.
 */
scratch_bytes?: number
}
/**
 * Values that the driver gets and that are scrubbed from all its output.
 * 
 * @maxItems 16
 * 
 * Items: One secret.
 */
secrets?: {
/**
 * Its name; the file name below /run/secrets.
 */
name: string
/**
 * How the driver gets it: a file, an open descriptor, or an environment variable where the program takes nothing else.
 */
as?: ("file" | "descriptor" | "environment")
/**
 * The variable that holds the value (`environment`) or the descriptor's number (`descriptor`).
 */
variable?: string
}[]
/**
 * That it has to run as root; an admin grants it with a reason.
 */
user?: "root"
}
/**
 * Its methods by name.
 */
methods: {
/**
 * One method.
 */
[k: string]: {
/**
 * One line.
 */
title?: string
/**
 * What it does.
 */
description?: string
/**
 * JSON Schema 2020-12 of the params.
 */
params: {

}
/**
 * JSON Schema 2020-12 of the result.
 */
result: {

}
/**
 * Order of params given by position.
 * 
 * @maxItems 64
 */
positional: string[]
/**
 * A permit counts only if its scope names this method or one of its tags.
 */
destructive: boolean
/**
 * Calling twice is as calling once.
 */
idempotent: boolean
/**
 * Groups for policies: Action::"tag:<tag>".
 * 
 * @maxItems 16
 */
tags: string[]
/**
 * Longest run, in milliseconds; can only shorten the profile's.
 */
timeout_ms?: number
/**
 * Errors that reach the caller as declared: word → message and schema of details.
 */
errors: {
[k: string]: {
message: string
data?: {

}
}
}
/**
 * Template of the argv elements after the fixed words (command drivers).
 * 
 * @maxItems 64
 */
arguments: ((string | {
param: string
prefix?: string
} | {
flag: string
/**
 * @maxItems 64
 */
words: string[]
}) & (((string | {
param: string
prefix?: string
} | {
flag: string
/**
 * @maxItems 64
 */
words: string[]
}) & string) | (string | {
param: string
prefix?: string
} | {
flag: string
/**
 * @maxItems 64
 */
words: string[]
})))[]
/**
 * Values of the program's variables (command drivers).
 */
environment: {
[k: string]: {
param: string
}
}
/**
 * The param that becomes stdin (command drivers).
 */
stdin?: {
param: string
}
/**
 * How stdout is read (command drivers); `exit-status` leaves it out of the result.
 */
output: ("text" | "lines" | "json" | "exit-status")
/**
 * The output comes to the caller in chunks while the driver runs (`rpc.chunk`), and is not kept: of a command driver its stdout, as text or lines; of a jsonrpc driver what its `chunk` notifications carry. Callers must send a progressToken.
 */
stream: boolean
/**
 * What happens to a call that a driver has begun when its caller goes: `cancel` ends it; `finish` lets it run to its end, its outcome is recorded and the reply dropped.
 */
on_disconnect: ("cancel" | "finish")
/**
 * Which count as success (command drivers).
 * 
 * @minItems 1
 * @maxItems 64
 */
exit_statuses: number[]
}
}
}

/**
 * driver.yaml: a driver's methods, program, and what it asks for.
 */
export interface Program {
/**
 * Version of this format.
 */
version: 1
/**
 * Name of the driver and of its folder.
 */
name: string
/**
 * `jsonrpc`: speaks the driver protocol. `command`: any program.
 */
kind: ("jsonrpc" | "command")
/**
 * What is started; the only block that the monitor reads.
 */
program: {
/**
 * An absolute path, or the name of a file in the driver's folder.
 */
executable?: string
/**
 * A file in the driver's folder, run on the daemon's own Node.
 */
node?: string
/**
 * Fixed leading words.
 * 
 * @maxItems 64
 */
arguments: string[]
/**
 * Names of variables whose values methods may set (command drivers).
 * 
 * @maxItems 32
 */
environment: string[]
}
/**
 * What it asks for, in a profile's words; nothing is granted by it.
 */
asks?: {
/**
 * Supplementary groups of the driver's processes, by name (a daemon that runs as root).
 * 
 * @maxItems 32
 */
groups?: string[]
/**
 * What the driver sees beside the minimal read-only system.
 */
filesystem?: {
/**
 * Folders and files, read-only; `at` puts one elsewhere in the driver's view.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
read?: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Folders and files that the driver may change, as far as its user may.
 * 
 * @maxItems 64
 * 
 * Items: A path, or a path and where it is seen.
 */
write?: (string | {
/**
 * Path on the host.
 */
path: string
/**
 * Path in the driver's view.
 */
at: string
})[]
/**
 * Private folders of one launch beside /tmp: empty at its start, gone at its end.
 * 
 * @maxItems 16
 * 
 * Items: A normalised absolute path.
 */
scratch?: string[]
}
/**
 * `none`: only Unix sockets can be made. `loopback`: a loopback of its own. `host`: the host's network, its abstract Unix sockets with it.
 */
network?: ("none" | "loopback" | "host")
/**
 * Capabilities of the driver's processes, and no others; a daemon that runs as root.
 * 
 * @maxItems 41
 */
capabilities?: string[]
/**
 * Device files below /dev, beside the minimal set.
 * 
 * @maxItems 32
 */
devices?: string[]
/**
 * The filter on system calls.
 */
syscalls?: {
/**
 * `default` refuses what no driver should need. `strict` allows a list and refuses the rest.
 */
filter?: ("default" | "strict")
/**
 * System calls that the filter would refuse, by name.
 * 
 * @maxItems 64
 */
allow?: string[]
/**
 * Socket families that the filter would refuse.
 * 
 * @maxItems 3
 */
sockets?: ("netlink" | "packet" | "vsock")[]
}
/**
 * Bounds of each launch.
 */
limits?: {
/**
 * Longest run, in milliseconds.
 */
wall_ms?: number
/**
 * How long a driver may say nothing, on stdout or stderr, before it is ended, in milliseconds; progress and log messages count, and what is beyond output_bytes too. null: up to wall_ms. Not in `mode: persistent`.
 */
idle_ms?: (number | null)
/**
 * Most CPU time of a process, in seconds.
 */
cpu_seconds?: number
/**
 * RLIMIT_AS in bytes; null leaves it. Node needs 2 GiB.
 */
address_space_bytes?: (number | null)
/**
 * RLIMIT_DATA in bytes; null leaves it. Node needs 1 GiB. Shared mappings are not seen.
 */
data_bytes?: (number | null)
/**
 * memory.max of the launch's cgroup in bytes: every page of all its processes, shared mappings and scratch folders with it; no swap. Only where driverd has the memory controller of cgroup v2; else records say `degraded: memory`, and `require: [memory]` refuses.
 */
memory_bytes?: number
/**
 * cpu.max of the launch's cgroup in hundredths of a processor; null leaves it. Refused where driverd has no cpu controller of cgroup v2.
 */
cpu_percent?: (number | null)
/**
 * Most processes and threads.
 */
processes?: number
/**
 * Most open files of a process.
 */
open_files?: number
/**
 * Largest file that may be written, in bytes.
 */
file_bytes?: number
/**
 * Most bytes of stdout and stderr together.
 */
output_bytes?: number
/**
 * Most bytes of stdout and stderr together of a method with `stream: true`, in place of `output_bytes`: they pass through and are not kept.
 */
stream_bytes?: number
/**
 * How long a driver may go on after SIGTERM, which it gets when its call is cancelled or its caller goes, in milliseconds; then everything that was started for the call is killed. 0: killed at once.
 */
term_grace_ms?: number
/**
 * Size of /tmp and of each scratch folder, in bytes.
 */
scratch_bytes?: number
}
/**
 * Values that the driver gets and that are scrubbed from all its output.
 * 
 * @maxItems 16
 * 
 * Items: One secret.
 */
secrets?: {
/**
 * Its name; the file name below /run/secrets.
 */
name: string
/**
 * How the driver gets it: a file, an open descriptor, or an environment variable where the program takes nothing else.
 */
as?: ("file" | "descriptor" | "environment")
/**
 * The variable that holds the value (`environment`) or the descriptor's number (`descriptor`).
 */
variable?: string
}[]
/**
 * That it has to run as root; an admin grants it with a reason.
 */
user?: "root"
}
[k: string]: unknown
}
