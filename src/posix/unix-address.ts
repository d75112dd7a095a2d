const AF_UNIX = 1;
/** sun_path of sockaddr_un (unix(7)). */
const PATH_BYTES = 108;

/**
 * A Unix socket's address as connect(2) and sendto(2) take it, or null where the words are none: too long, or neither a
 * whole path nor a name.
 * @param address a path from the root on, or `@name` for an abstract one
 */
export function unixAddress(address: string): Buffer | null {
  const name = Buffer.from(address.replace(/^@/, '\0'));
  const isAbstract = name[0] === 0;
  // A path has to end in a NUL within sun_path, and holds none before.
  const longest = isAbstract ? PATH_BYTES : PATH_BYTES - 1;
  if (name.length < 2 || name.length > longest) return null;
  if (!isAbstract && (!address.startsWith('/') || address.includes('\0'))) return null;
  const to = Buffer.alloc(2 + name.length + (isAbstract ? 0 : 1));
  to.writeUInt16LE(AF_UNIX);
  name.copy(to, 2);
  return to;
}
