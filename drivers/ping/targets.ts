import { BlockList, isIP } from 'node:net';

const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** What inet_aton(3) would read as an address: `127.1`, `0x7f.1`, `2130706433`. */
const ADDRESS_IN_DISGUISE = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
const BITS = { ipv4: 32, ipv6: 128 } as const;

/** What a profile lets be pinged. */
export interface Targets {
  /** Whether an address lies in a listed network. */
  hasAddress(address: string): boolean;
  /** Whether a name stands there itself. Any other is not even looked up: that would tell name servers of it. */
  hasName(name: string): boolean;
}

/**
 * Reads a list of networks, addresses and host names, with blanks between them: `127.0.0.0/8 ::1 gateway.example`.
 * @returns null where nothing is listed
 * @throws Error where a word is none of these: a list that is half understood would not be what the admin meant
 */
export function parseTargets(text: string): Targets | null {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const networks = new BlockList();
  const names = new Set<string>();
  for (const word of words) {
    const [address = '', length, ...more] = word.split('/');
    const family = familyOf(address);
    if (family !== null && more.length === 0) {
      networks.addSubnet(address, prefixLength(word, length, BITS[family]), family);
    } else if (isName(word)) names.add(word.toLowerCase());
    else throw refusal(word);
  }
  return {
    hasAddress(candidate) {
      const family = familyOf(candidate);
      return family !== null && networks.check(candidate, family);
    },
    hasName: (candidate) => isName(candidate) && names.has(candidate.toLowerCase()),
  };
}

function familyOf(address: string): keyof typeof BITS | null {
  // With a zone (`fe80::1%eth0`) it names an interface, not a host.
  if (address.includes('%')) return null;
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : null;
}

function isName(word: string): boolean {
  const name = word.toLowerCase();
  return NAME.test(name) && !ADDRESS_IN_DISGUISE.test(name);
}

function prefixLength(word: string, length: string | undefined, bits: number): number {
  if (length === undefined) return bits;
  const number = /^[0-9]{1,3}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
  if (number > bits) throw refusal(word);
  return number;
}

function refusal(word: string): Error {
  return new Error(`Cannot read PING_TARGETS: ${word} is no network, no address and no host name`);
}
