import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import { base62, base64, base64url, digits, dotted, hex, lower36, sequence, upper36 } from '../shapes.ts';

/** Google Cloud, Google's programming interfaces, and Firebase. */
export const GOOGLE_RULES: readonly Rule[] = [
  prefixed('google-api-key', 'AIza', base64url(35)),
  prefixed('google-gemini-key', 'AQ.Ab', base64url(40, 80)),
  prefixed('google-oauth-secret', 'GOCSPX-', base64url(20, 40)),
  prefixed('google-oauth-token', 'ya29.', dotted(20, 2_000)),
  prefixed('google-refresh-token', '1//0', base64url(36, 200)),
  prefixed('google-authorization-code', '4/0A', base64url(50, 150)),
  named({
    id: 'google-client-secret',
    names: ['google_client_secret', 'google_secret', 'goog_secret', 'google_oauth', 'gcp_secret'],
    secret: base64url(24),
  }),
  {
    id: 'google-client-id',
    keywords: ['.apps.googleusercontent.com'],
    pattern: /\b(?<secret>\d{6,20}-[a-z0-9]{32})\.apps\.googleusercontent\.com/dg,
    examples: [`${digits(12).example}-${lower36(32).example}.apps.googleusercontent.com`],
    counterExamples: ['x.apps.googleusercontent.com'],
  },
  named({ id: 'google-private-key-id', names: ['private_key_id'], secret: hex(40) }),
  prefixed('google-storage-hmac-id', 'GOOG1E', upper36(55)),
  named({
    id: 'google-storage-hmac-id-of-user',
    names: ['gs_access_key', 'gcs_access', 'gcs_key', 'hmac_access', 'hmac_key'],
    secret: sequence('GOOG', upper36(20)),
  }),
  named({
    id: 'google-storage-hmac-secret',
    names: ['gcs_secret', 'gs_secret', 'hmac_secret'],
    secret: base64(40),
  }),
  behind('google-signed-url-signature', 'X-Goog-Signature=', hex(64, 1_024)),
  {
    id: 'firebase-server-key',
    keywords: [':apa91b'],
    pattern: /(?<![A-Za-z0-9_-])AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{134,200}/dg,
    examples: [`AAAA${base62(7).example}:APA91b${base64url(134).example}`],
    counterExamples: ['AAAA1234567:APA91b'],
  },
  named({
    id: 'firebase-token',
    names: ['firebase_token', 'firebase_secret', 'firebase_database'],
    secret: base62(40),
  }),
];
