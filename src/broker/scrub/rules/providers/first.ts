import type { Rule } from '../rule.ts';

/** Joins parts at run time, so that this file does not set off secret scanners. */
const made = (...parts: string[]): string => parts.join('');
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789';
const MIXED = 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG1hJ3kL5mN7pQ9rS1tU3vW5xY7zA9';
const HEX = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const text = (length: number): string => MIXED.slice(0, length);

/** @param keywords with one of them each match begins, or holds it */
function prefixed(id: string, keywords: string | readonly string[], pattern: RegExp, example: string): Rule {
  const all = [keywords].flat();
  return {
    id,
    keywords: all.map((keyword) => keyword.toLowerCase()),
    pattern,
    examples: [example],
    counterExamples: all.map((keyword) => `${keyword}short`),
  };
}

/** The prefix with each of the endings. */
const each = (prefix: string, endings: readonly string[]): string[] =>
  endings.map((ending) => prefix + ending);

/** Tokens with a documented prefix, alphabet and length. */
export const FIRST_RULES: readonly Rule[] = [
  prefixed(
    'aws-access-key-id',
    ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/dg,
    made('AKIA', 'Z7QW3N5RT2LKX6PM'),
  ),
  prefixed(
    'github-token',
    each('gh', ['o_', 'p_', 'u_', 's_', 'r_']),
    /\bgh[opusr]_[A-Za-z0-9]{36,251}\b/dg,
    made('ghp', '_', text(36)),
  ),
  prefixed(
    'github-fine-grained-token',
    'github_pat_',
    /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/dg,
    made('github', '_pat_', text(22), '_', text(59)),
  ),
  prefixed(
    'gitlab-token',
    each('gl', ['pat-', 'dt-', 'ptt-', 'rt-', 'soat-', 'cbt-', 'ft-', 'imt-', 'agent-']),
    /\bgl(?:pat|dt|ptt|rt|soat|cbt|ft|imt|agent)-[A-Za-z0-9_-]{20,64}(?![A-Za-z0-9_-])/dg,
    made('glpat', '-', text(20)),
  ),
  prefixed(
    'slack-token',
    'xox',
    /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/dg,
    made('xoxb', '-123456789012-', text(24)),
  ),
  prefixed(
    'slack-app-token',
    'xapp-',
    /\bxapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[a-z0-9]{32,80}\b/dg,
    made('xapp', '-1-A0123456789-0123456789012-', HEX),
  ),
  prefixed(
    'slack-webhook',
    'hooks.slack.com',
    /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{40,60}/dg,
    made('https://hooks.slack', '.com/services/T00000000/B00000000/', text(24)),
  ),
  prefixed(
    'stripe-key',
    ['k_live_', 'k_test_', 'k_prod_'],
    /\b[rs]k_(?:live|test|prod)_[A-Za-z0-9]{16,99}\b/dg,
    made('sk', '_live_', text(24)),
  ),
  prefixed('stripe-webhook-secret', 'whsec_', /\bwhsec_[A-Za-z0-9+/]{32,64}/dg, made('whsec', '_', text(32))),
  prefixed(
    'google-api-key',
    'AIza',
    /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/dg,
    made('AI', 'za', text(35)),
  ),
  prefixed(
    'google-oauth-secret',
    'GOCSPX-',
    /\bGOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/dg,
    made('GOC', 'SPX-', text(28)),
  ),
  prefixed('google-oauth-token', 'ya29.', /\bya29\.[A-Za-z0-9_-]{20,400}/dg, made('ya', '29.', text(40))),
  prefixed('npm-token', 'npm_', /\bnpm_[A-Za-z0-9]{36}\b/dg, made('npm', '_', text(36))),
  prefixed('pypi-token', 'pypi-', /\bpypi-AgE[A-Za-z0-9_-]{50,1000}/dg, made('pypi', '-AgE', text(60))),
  prefixed(
    'openai-key',
    'T3BlbkFJ',
    /\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,250}T3BlbkFJ[A-Za-z0-9_-]{20,250}/dg,
    made('sk', '-', text(20), 'T3Blbk', 'FJ', text(20)),
  ),
  prefixed(
    'anthropic-key',
    'sk-ant-',
    /\bsk-ant-[a-z0-9]{3,12}-[A-Za-z0-9_-]{80,120}/dg,
    made('sk', '-ant-api03-', text(70), text(25)),
  ),
  prefixed(
    'sendgrid-key',
    'SG.',
    /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/dg,
    made('SG', '.', text(22), '.', text(43)),
  ),
  prefixed(
    'twilio-key',
    each('SK', [...'0123456789abcdef']),
    /\bSK[0-9a-f]{32}\b/dg,
    made('S', 'K', HEX.slice(0, 32)),
  ),
  prefixed(
    'digitalocean-token',
    each('do', ['o_v1_', 'p_v1_', 'r_v1_']),
    /\bdo[opr]_v1_[a-f0-9]{64}\b/dg,
    made('dop', '_v1_', HEX),
  ),
  prefixed(
    'huggingface-token',
    'hf_',
    /\bhf_[A-Za-z]{34}\b/dg,
    made('hf', '_', 'abcdefghijklmnopqrstuvwxyzABCDEFGH'),
  ),
  prefixed(
    'shopify-token',
    'shp',
    /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b/dg,
    made('shpat', '_', HEX.slice(0, 32)),
  ),
  prefixed(
    'telegram-bot-token',
    ':AA',
    /\b\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/dg,
    made('123456789', ':AA', text(33)),
  ),
  prefixed(
    'vault-token',
    ['hvs.', 'hvb.', 'hvr.'],
    /\bhv[sbr]\.[A-Za-z0-9_-]{24,300}/dg,
    made('hv', 's.', text(30)),
  ),
  prefixed('databricks-token', 'dapi', /\bdapi[a-f0-9]{32}(?:-\d)?\b/dg, made('da', 'pi', HEX.slice(0, 32))),
  prefixed(
    'linear-key',
    'lin_',
    /\blin_(?:api|oauth)_[A-Za-z0-9]{40,64}\b/dg,
    made('lin', '_api_', text(40)),
  ),
  prefixed(
    'docker-token',
    'dckr_',
    /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}(?![A-Za-z0-9_-])/dg,
    made('dckr', '_pat_', text(27)),
  ),
  prefixed(
    'postman-key',
    'PMAK-',
    /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b/dg,
    made('PM', 'AK-', HEX.slice(0, 24), '-', HEX.slice(0, 34)),
  ),
  prefixed(
    'grafana-token',
    ['glsa_', 'glc_'],
    /\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,400}/dg,
    made('gl', 'sa_', text(32), '_0a1b2c3d'),
  ),
  prefixed('pulumi-token', 'pul-', /\bpul-[a-f0-9]{40}\b/dg, made('pu', 'l-', HEX.slice(0, 40))),
  prefixed(
    'doppler-token',
    'dp.',
    /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,64}/dg,
    made('dp', '.pt.', text(43)),
  ),
  prefixed(
    'age-secret-key',
    'AGE-SECRET-KEY-1',
    /\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b/dg,
    made('AGE-SECRET', '-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE'),
  ),
  prefixed(
    'terraform-cloud-token',
    '.atlasv1.',
    /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}/dg,
    made(text(14), '.atlas', 'v1.', text(64)),
  ),
  prefixed('fly-token', 'fo1_', /\bfo1_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/dg, made('fo', '1_', text(43))),
  prefixed('mailgun-key', 'key-', /\bkey-[a-f0-9]{32}\b/dg, made('ke', 'y-', HEX.slice(0, 32))),
  prefixed(
    'azure-storage-key',
    'AccountKey=',
    /AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/dg,
    made('Account', 'Key=', text(70), text(16), '=='),
  ),
  prefixed(
    'json-web-token',
    'eyJ',
    /(?<![\w-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}/dg,
    made('ey', 'J', LOWER.slice(0, 20), '.ey', 'J', LOWER.slice(0, 20), '.', LOWER.slice(0, 30)),
  ),
];
