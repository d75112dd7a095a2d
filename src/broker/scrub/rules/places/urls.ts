import type { Rule } from '../rule.ts';
import { made } from './made.ts';

/** What a URL has in the place of a password where it has none: variables, templates, masks and placeholders. */
const NO_URL_PASSWORD =
  /^(?:[$%{<(*#[].{0,200}|:?[*xX.]{3,100}|\$\{.{0,200}|[A-Za-z_-]{0,40}(?:your|example|placeholder|redacted)[A-Za-z_-]{0,40}|x-oauth-basic|x-access-token|PASS(?:WORD)?|\.{3}|.{0,60}\[REDACTED.{0,200})$/;

/** Passwords and tokens in URLs (RFC 3986, section 3.2.1, which calls the user's password deprecated). */
export const URLS: readonly Rule[] = [
  {
    // The password may hold `@`, `/` and `:` that nobody encoded: it goes up to the last `@` before the path.
    id: 'url-password',
    keywords: ['://', ':\\/\\/'],
    pattern:
      /(?::\/\/|:\\\/\\\/)(?:\[REDACTED:[\w.-]{1,64}\]|[^\x00-\x20:@/"'<>`[]{0,100}):(?<secret>[^\x00-\x20@/"'<>`]{1,256}(?:@[^\x00-\x20@/"'<>`:,]{0,100}(?=@))?)@(?=[\w[$%{-])/dgi,
    allow: NO_URL_PASSWORD,
    examples: [made('https://app:', 's3cr3t-pass', '@a.example/x'), made('redis://:', 'p4ssw0rd', '@h:6379')],
    counterExamples: [
      'https://example.com:8080/path',
      'https://user@example.com/',
      'postgres://user:${DB_PASS}@host/db',
      'https://[::1]:8080/a@b',
    ],
  },
  {
    id: 'url-token',
    keywords: ['://'],
    pattern:
      /:\/\/(?<secret>(?=[a-z_-]{0,40}\d)[\w-]{20,255})(?::(?:x-oauth-basic|x-access-token|\$?[\w{}]{0,40})?)?@(?=[\w-]{1,63}\.)/dgi,
    minimumEntropy: 2.5,
    examples: [made('https://', '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', '@git.example.com/a/b')],
    counterExamples: ['ssh://git@github.com/a/b', 'https://continuous-integration-user@example.com/'],
  },
  {
    // A URL inside of another's query.
    id: 'encoded-url-password',
    keywords: ['%3a%2f%2f'],
    pattern: /%3a%2f%2f[^\x00-\x20%"'<>&]{0,100}%3a(?!%2f%2f)(?<secret>[^\x00-\x20"'<>&]{1,256}?)%40/dgi,
    allow: /^[$%{<*].{0,200}$/,
    examples: [made('url=postgres%3A%2F%2Fapp%3A', 's3cr3t-pass', '%40db')],
    counterExamples: ['url=https%3A%2F%2Fexample.com%3A8080%2Fpath'],
  },
  {
    // Signatures of signed links: whoever has the link has what it opens.
    id: 'signed-url',
    keywords: ['sig=', 'signature=', 'sig%3d', 'signature%3d', 'security-token=', 'security-token%3d'],
    pattern:
      /[?&](?:amp;|x-amz-|x-goog-)?(?:sig|signature|security-token)(?:=|%3d)(?<secret>[a-z0-9%+/=_-]{16,2000})/dgi,
    minimumEntropy: 3,
    examples: [
      made('https://a.example/b?X-Amz-Security-Token=', 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9f%3D'),
    ],
    counterExamples: ['?sig=short', 'https://a.example/?design=0123456789abcdef01234567'],
  },
];
