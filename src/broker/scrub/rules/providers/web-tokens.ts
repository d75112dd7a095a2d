import { looks } from '../looks.ts';
import type { Rule } from '../rule.ts';
import { mixed } from '../samples.ts';

/** JSON Web Tokens (RFC 7515 to 7519) and their relatives. */
export const WEB_TOKEN_RULES: readonly Rule[] = [
  looks(
    'json-web-token',
    ['eyj', 'eya', 'ewo', 'ew0'],
    /(?<![A-Za-z0-9_-])e(?:yJ|yA|wo|w0)[A-Za-z0-9_-]{14,1500}\.e[yw][A-Za-z0-9/\\_-]{14,5000}(?:\.[A-Za-z0-9/\\_-]{10,1400}={0,2})?/dg,
    [`eyJ${mixed(33)}.eyJ${mixed(60)}.${mixed(43)}`, `eyJ${mixed(33)}.eyJ${mixed(60)}`],
    { minimumEntropy: 3 },
  ),
  looks(
    'web-token-by-parts',
    '.ey',
    /(?<![A-Za-z0-9_-])ey[A-Za-z0-9_-]{15,400}\.ey[A-Za-z0-9/\\_-]{15,3000}\.[A-Za-z0-9/\\_-]{10,1400}={0,2}/dg,
    `eyM8${mixed(33)}.eyas${mixed(60)}.${mixed(43)}`,
    { minimumEntropy: 3.5 },
  ),
  looks(
    'json-web-encryption',
    'eyJ',
    /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{15,1000}\.[A-Za-z0-9_-]{0,800}\.[A-Za-z0-9_-]{12,64}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{16,90}/dg,
    `eyJ${mixed(60)}.${mixed(80)}.${mixed(16)}.${mixed(100)}.${mixed(22)}`,
    { minimumEntropy: 3.5 },
  ),
  looks(
    'base64-json-web-token',
    'zxlk',
    /(?<![A-Za-z0-9+/])ZXlK[A-Za-z0-9+/_-]{26,6000}={0,2}/dg,
    `ZXlKaGJHY2lPaU${mixed(200)}`,
    { minimumEntropy: 3 },
  ),
  looks(
    'paseto-token',
    [
      'v1.local.',
      'v2.local.',
      'v3.local.',
      'v4.local.',
      'v1.public.',
      'v2.public.',
      'v3.public.',
      'v4.public.',
    ],
    /(?<![A-Za-z0-9])v[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{40,2000}(?:\.[A-Za-z0-9_-]{2,400})?/dg,
    `v4.local.${mixed(120)}`,
  ),
  looks(
    'macaroon-token',
    'mdax',
    /(?<![A-Za-z0-9+/_-])MDAx[A-Za-z0-9+/_-]{100,1500}={0,2}/dg,
    `MDAx${mixed(160)}`,
    { minimumEntropy: 4 },
  ),
];
