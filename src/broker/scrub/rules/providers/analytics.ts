import { behind, each, lettersAndDigits, looks, UUID } from '../looks.ts';
import type { Rule } from '../rule.ts';
import { hex, lower, mixed, uuid } from '../samples.ts';

/** Product analytics, experiments and feature flags. */
export const ANALYTICS_RULES: readonly Rule[] = [
  looks(
    'posthog-key',
    each('ph', ['x_', 'c_', 's_', 'r_', 'a_', 'o_']),
    /(?<![A-Za-z0-9])ph[xcsrao]_[A-Za-z0-9]{43,64}(?![\w-])/dg,
    [`phx_${mixed(43)}`, `phc_${mixed(43)}`],
  ),
  behind(
    'segment-write-key',
    [
      'segment_write',
      'segment-write',
      'segmentwrite',
      'segment_key',
      'segment_api',
      'segment.io',
      'segment.com',
    ],
    lettersAndDigits(32),
    mixed(32),
  ),
  behind(
    'product-analytics-key',
    ['mixpanel', 'amplitude', 'countly', 'matomo', 'token_auth', 'pendo', 'smartlook', 'rudderstack'],
    lettersAndDigits(27, 36),
    hex(32),
    { minimumEntropy: 3 },
  ),
  looks(
    'branch-key',
    each('key_', ['live_', 'test_']),
    /(?<![A-Za-z0-9])key_(?:live|test)_[A-Za-z0-9]{32,40}(?![\w-])/dg,
    `key_live_${mixed(32)}`,
  ),
  looks(
    'branch-secret',
    each('secret_', ['live_', 'test_']),
    /(?<![A-Za-z0-9])secret_(?:live|test)_[A-Za-z0-9]{32,40}(?![\w-])/dg,
    `secret_live_${mixed(32)}`,
  ),
  behind('attribution-key', ['appsflyer', 'kochava', 'airship'], lettersAndDigits(20, 40, '_-'), mixed(22), {
    minimumEntropy: 3.5,
  }),
  looks(
    'growthbook-key',
    each('secret_', ['admin_', 'readonly_', 'user_']),
    /(?<![A-Za-z0-9])secret_(?:admin|readonly|user)_[A-Za-z0-9+/=]{20,64}/dg,
    `secret_admin_${mixed(40)}`,
  ),
  looks(
    'split-key',
    'split',
    /split[\w .-]{0,30}["'\]]{0,3}\s{0,3}[=:]\s{0,3}["']?(?<secret>(?=[a-z]{0,40}\d)[a-z0-9]{36,60})(?![\w-])/dgi,
    `split_key: ${lower(40)}`,
  ),
  behind('optimizely-token', 'optimizely', '2:[a-z0-9_-]{40,80}|[a-z0-9]{22}', `2:${mixed(54)}`, {
    minimumEntropy: 3.5,
  }),
  looks(
    'configcat-key',
    'configcat',
    /(?<![A-Za-z0-9_-])(?:configcat-sdk-1\/)?[A-Za-z0-9_-]{22}\/[A-Za-z0-9_-]{22}(?![\w-])/dg,
    `configcat-sdk-1/${mixed(22)}/${mixed(22)}`,
  ),
  looks(
    'fullstory-key',
    ['fullstory'],
    /(?<![A-Za-z0-9])(?:na1|eu1)\.[A-Za-z0-9+/]{40,200}={0,2}/dg,
    `fullstory na1.${mixed(60)}==`,
  ),
  behind(
    'logrocket-key',
    ['logrocket', 'hotjar', 'chartmogul', 'baremetrics', 'profitwell', 'parsely'],
    lettersAndDigits(24, 64),
    hex(40),
    { minimumEntropy: 3 },
  ),
  looks(
    'logrocket-token',
    'logrocket',
    /logrocket[\w .-]{0,30}["'\]]{0,3}\s{0,3}[=:]\s{0,3}["']?(?<secret>[a-z0-9]{6}:[a-z0-9_-]{1,40}:[A-Za-z0-9]{20})(?![\w-])/dgi,
    `logrocket_api: ${lower(6)}:app:${mixed(20)}`,
  ),
  behind(
    'mode-token',
    ['mode_api', 'mode_token', 'mode_secret', 'redash', 'tableau', 'sisense'],
    lettersAndDigits(24, 64, '=/+:_-'),
    mixed(40),
    { minimumEntropy: 3.5 },
  ),
  behind(
    'google-measurement-secret',
    ['measurement_protocol', 'ga4_api', 'ga_api_secret', 'mp/collect'],
    lettersAndDigits(22, 22, '_-'),
    mixed(22),
  ),
  behind(
    'hightouch-token',
    ['hightouch', 'census_api', 'fivetran', 'stitchdata', 'stitch_data'],
    `(?:${UUID}|[a-z0-9]{32,64})`,
    uuid(),
  ),
  looks(
    'census-token',
    'secret-token:',
    /secret-token:(?<secret>[A-Za-z0-9_-]{24,90})/dg,
    `secret-token:${mixed(32)}`,
  ),
];
