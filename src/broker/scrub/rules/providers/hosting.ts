import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import { anyOf, base62, base64, base64url, dotted, hex, lower36, sequence, shaped, UUID } from '../shapes.ts';

/** Hosting of sites and programs, domain names, and delivery networks. */
export const HOSTING_RULES: readonly Rule[] = [
  prefixed('cloudflare-token', 'cfat_ cfut_ cfk_', base62(40, 80)),
  prefixed('cloudflare-origin-key', 'v1.0-', [hex(24), '-', hex(146)]),
  named({
    id: 'cloudflare-key-by-name',
    names: [
      'cloudflare',
      'cf_api',
      'cf_token',
      'cf_key',
      'cf_global',
      'cf_dns',
      'cf_auth',
      'cfapi',
      'x_auth_key',
    ],
    secret: anyOf(hex(37), base64url(40), base64url(43)),
  }),
  named({
    id: 'cloudflare-storage-secret',
    names: ['r2_secret', 'r2_access', 'r2_token', 'r2_key'],
    secret: anyOf(hex(64), hex(32), base64url(40)),
  }),
  prefixed('cloudflare-turnstile-secret', '0x4AAAAAA', base64url(12, 32)),
  prefixed('cloudflare-tunnel-token', 'eyJhIjoi', dotted(80, 600)),
  named({
    id: 'fastly-token',
    names: ['fastly'],
    secret: shaped('[A-Za-z0-9=_-]{32}', base64url(32).example),
  }),
  prefixed('netlify-token', 'nfp_ nfc_ nfo_ nfb_ nfu_', base62(36, 60)),
  named({
    id: 'netlify-legacy-token',
    names: ['netlify'],
    secret: shaped('[A-Za-z0-9=_-]{40,46}', base64url(43).example),
  }),
  prefixed('vercel-token', 'vcp_ vci_ vca_ vcr_ vck_', base62(36, 80)),
  prefixed('vercel-blob-token', 'vercel_blob_rw_', [base62(12, 20), '_', base62(24, 60)]),
  prefixed(
    'vercel-configuration-token',
    'edge-config.vercel.com/ecfg_',
    shaped('[a-z0-9]{10,60}\\?token=[a-f0-9-]{30,40}', `${lower36(28).example}?token=${UUID.example}`),
  ),
  named({ id: 'vercel-legacy-token', names: ['vercel', 'zeit_token', 'now_token'], secret: base62(24) }),
  prefixed('fly-token', 'fo1_', base64url(43, 60)),
  prefixed('fly-macaroon', 'fm1r_ fm1a_ fm2_', shaped('[A-Za-z0-9+/]{60,3000}={0,3}', base64(120).example)),
  prefixed('render-key', 'rnd_', base62(28, 40)),
  named({ id: 'railway-token', names: ['railway'], secret: UUID }),
  named({ id: 'koyeb-token', names: ['koyeb'], secret: lower36(64) }),
  named({ id: 'platform-sh-token', names: ['platformsh', 'platform_sh', 'upsun'], secret: base62(43) }),
  prefixed('scalingo-token', 'tk-us- tk-eu-', base64url(40, 64)),
  named({
    id: 'clever-cloud-token',
    names: ['clever_token', 'clever_secret', 'clevercloud'],
    secret: hex(30, 40),
  }),
  named({ id: 'pantheon-token', names: ['pantheon', 'terminus_token'], secret: base64url(40, 60) }),
  named({
    id: 'acquia-secret',
    names: ['acquia'],
    secret: shaped('[A-Za-z0-9+/]{43}=', `${base64(43).example}=`),
  }),
  named({
    id: 'ghost-admin-key',
    names: ['ghost_admin', 'ghost_api'],
    secret: anyOf(sequence(hex(24), ':', hex(64)), hex(26)),
  }),
  named({ id: 'surge-token', names: ['surge_token'], secret: hex(32) }),
  named({ id: 'namecheap-key', names: ['namecheap'], secret: hex(32) }),
  {
    id: 'godaddy-header',
    keywords: ['sso-key'],
    pattern: /\bsso-key\s{1,3}(?<secret>[A-Za-z0-9_]{10,60}:[A-Za-z0-9]{18,40})/dg,
    examples: [`Authorization: sso-key ${base62(37).example}:${base62(22).example}`],
    counterExamples: ['sso-key {key}:{secret}'],
  },
  named({
    id: 'godaddy-key',
    names: ['godaddy'],
    secret: anyOf(
      shaped('[A-Za-z0-9]{12,16}_[A-Za-z0-9]{20,24}', `${base62(14).example}_${base62(22).example}`),
      base62(22),
    ),
  }),
  prefixed('dnsimple-token', 'dnsimple_a_ dnsimple_u_ dnsimple_o_', base62(30, 40)),
  named({ id: 'dnsimple-legacy-token', names: ['dnsimple'], secret: base62(32) }),
  named({
    id: 'dns-made-easy-secret',
    names: ['dnsmadeeasy', 'dns_made_easy', 'dme_secret', 'constellix'],
    secret: anyOf(UUID, hex(32)),
  }),
  named({ id: 'ns1-key', names: ['ns1_api', 'nsone', 'ns1_key'], secret: base62(20) }),
  named({ id: 'gandi-key', names: ['gandi_'], secret: anyOf(hex(40), base62(24)) }),
  prefixed('porkbun-key', 'pk1_ sk1_', hex(64)),
  named({
    id: 'duckdns-token',
    names: ['duckdns', 'duck_dns', 'dynu_', 'dynv6'],
    secret: anyOf(UUID, base62(30, 40)),
  }),
  named({ id: 'desec-token', names: ['desec_', 'dedyn'], secret: base64url(28) }),
  prefixed('akamai-client-token', 'akab-', [lower36(16), '-', lower36(16)]),
  named({
    id: 'akamai-secret',
    names: ['akamai', 'edgegrid', 'edgerc'],
    secret: shaped('[A-Za-z0-9+/]{43}=', `${base64(43).example}=`),
  }),
  named({
    id: 'bunny-key',
    names: ['bunnycdn', 'bunny_api', 'bunny_net', 'bunny_key', 'bunny_storage'],
    secret: anyOf(
      shaped('[a-f0-9-]{60,80}', `${UUID.example}${UUID.example}`),
      UUID,
      shaped('[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}-[a-f0-9]{4}-[a-f0-9]{4}', ''),
    ),
  }),
  named({
    id: 'delivery-network-key',
    names: ['keycdn', 'stackpath', 'cdn77', 'imperva', 'incapsula', 'sucuri', 'gcore'],
    secret: anyOf(UUID, hex(32), shaped('[A-Za-z0-9_$-]{32,90}', base64url(40).example)),
  }),
  named({
    id: 'panel-token',
    names: ['cpanel', 'whm_token', 'whm_api', 'plesk', 'directadmin', 'hostinger', 'cloudways'],
    secret: anyOf(upper36Of(32), UUID, base62(40, 64)),
  }),
  named({
    id: 'ngrok-token',
    names: ['ngrok'],
    secret: anyOf(sequence(base62(24, 32), '_', base62(15, 25)), base62(43)),
  }),
  named({ id: 'zerotier-token', names: ['zerotier', 'zt_token'], secret: base62(32) }),
  prefixed('tailscale-key', 'tskey-', base64url(16, 120)),
  prefixed('tailscale-lock-key', 'tlpriv: disablement-secret:', hex(64)),
  prefixed('netbird-token', 'nbp_', base62(36, 60)),
  named({ id: 'netbird-setup-key', names: ['netbird', 'nb_setup', 'setup_key'], secret: UUID }),
  named({
    id: 'meraki-key',
    names: ['meraki_api', 'meraki_key', 'meraki_token', 'meraki_secret', 'meraki_dashboard'],
    secret: hex(40),
  }),
  {
    id: 'wireguard-key',
    keywords: ['privatekey', 'presharedkey'],
    pattern: /\b(?:PrivateKey|PresharedKey)\s{0,4}=\s{0,4}(?<secret>[A-Za-z0-9+/]{42,43}={1,2})/dgi,
    examples: [`PrivateKey = ${base64(43).example}=`, `PresharedKey=${base64(43).example}=`],
    counterExamples: ['PrivateKey = none'],
  },
  behind(
    'proxmox-token',
    'PVEAPIToken=',
    shaped('[\\w.@!-]{3,80}=[a-f0-9-]{36}', `root@pam!ci=${UUID.example.toLowerCase()}`),
  ),
  {
    id: 'truenas-key',
    keywords: ['login_with_api_key'],
    pattern: /login_with_api_key[^\w\n]{1,6}params[^\w\n]{1,10}(?<secret>\d{1,4}-[A-Za-z0-9]{64})/dg,
    examples: [`"method":"auth.login_with_api_key", "params":["8-${base62(64).example}"]`],
    counterExamples: ['"auth.login_with_api_key", "params":[]'],
  },
  named({
    id: 'truenas-key-by-name',
    names: ['truenas', 'freenas'],
    secret: shaped('\\d{1,4}-[A-Za-z0-9]{64}', `12-${base62(64).example}`),
  }),
  named({
    id: 'unifi-key',
    names: ['unifi_api', 'unifi_key', 'ubiquiti'],
    secret: anyOf(base64url(32), UUID),
  }),
  named({
    id: 'network-device-secret',
    names: ['mikrotik', 'fortinet', 'fortigate', 'panos_key', 'pan_os', 'checkpoint_api'],
    secret: shaped('[A-Za-z0-9+/]{24,200}={0,2}', base64(40).example),
  }),
];

function upper36Of(length: number) {
  return shaped(`[A-Z0-9]{${length}}`, 'Q7ZK2W9XT4M6'.repeat(length).slice(0, length));
}
