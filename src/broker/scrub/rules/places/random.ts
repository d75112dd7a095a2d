import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { BEFORE_QUOTED, CLOSED } from './value.ts';
import { nameEnd, RANDOM, RANDOM_KEYWORDS } from './words.ts';

/** Random letters and digits, at least 20 of base64 or 32 of hexadecimal. */
const RANDOM_VALUE =
  '(?<secret>(?![\\w.]{0,60}\\()(?=[A-Za-z_/+=.-]{0,40}\\d)(?=[\\d_/+=.-]{0,40}[A-Za-z])[A-Za-z0-9+/_=.~-]{20,1024})';

/** Names that say a secret only where the value looks random. */
export const RANDOMS: readonly Rule[] = [
  {
    id: 'random-key',
    keywords: RANDOM_KEYWORDS,
    pattern: new RegExp(
      `${RANDOM}${nameEnd(`[ \\t]{0,30}[\\\\"'\`&%\\])[=:!?+.|<({,-]`)}${CLOSED}[ \\t]{0,30}(?:[!:?+.|]{0,2}={1,3}>?|::?|->|<-|\\(|(?<=["'\`]\\)?),)[ \\t]{0,30}${BEFORE_QUOTED}\\\\{0,7}["'\`]?${RANDOM_VALUE}`,
      'dg',
    ),
    minimumEntropy: 3.2,
    // Identifiers, versions, paths, digests and public keys.
    allow:
      /^(?:[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|sha\d{1,3}[-:].{0,200}|AAAA[A-Za-z0-9+/].{0,1000}|ssh-.{0,1000}|MII[A-Za-z0-9+/].{0,1000}|LS0tLS1CRUdJTiBDRVJU.{0,1000}|(?:[A-Za-z]{1,30}\d{0,3}[-_./]){2,20}[A-Za-z]{0,30}\d{0,4}|(?:[A-Za-z]{2,30}[-_./]){1,10}[\da-f]{6,64}|\/.{0,1000}|https?:.{0,1000}|[\d.:TZ+_-]{1,60}|(?:[\w-]{1,40}\.){2,8}[a-z]{2,12}|[a-z_]{1,20}\d{0,5}(?:\._?[A-Za-z]\w{0,30}){1,6}|(?:[A-Za-z_]{1,30}\d{0,5}[A-Za-z_]{0,20}\.){1,8}[A-Za-z_]{1,40})$/,
    examples: [made('JOB_RUN_KEY: ', 'x9f8e7d6c5b4a39281706f5e4d3c2b1a')],
    counterExamples: [
      'Cache restored from key: linux-npm-9f86d081884c7d659a2feaa0c55ad015',
      'cache-key: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      'publicKey = "9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit"',
    ],
  },
];
