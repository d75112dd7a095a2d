import { behind, each, hexOf, lettersAndDigits, looks, UUID } from '../looks.ts';
import type { Rule } from '../rule.ts';
import { hex, lower, mixed, upper, uuid } from '../samples.ts';

/** Mail, campaigns and telephony. */
export const MAIL_RULES: readonly Rule[] = [
  looks(
    'sendgrid-key',
    'SG.',
    /SG\.(?:[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|[A-Za-z0-9=_.-]{66})/dg,
    `SG.${mixed(22)}.${mixed(43)}`,
    { minimumEntropy: 2.5 },
  ),
  looks('mailgun-key', 'key-', /(?<![A-Za-z0-9])(?:pub)?key-(?=[a-z]{0,31}\d)[0-9a-z]{32}(?![\w-])/dg, [
    `key-${hex(32)}`,
    `pubkey-${hex(32)}`,
  ]),
  looks(
    'mailgun-signing-key',
    ['mailgun', 'mg_api', 'mg_key'],
    /(?<![A-Za-z0-9-])[0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8}(?![\w-])/dg,
    `mailgun ${hex(32)}-${hex(8)}-${hex(8)}`,
  ),
  looks(
    'mailgun-user-key',
    'api:',
    /(?<![A-Za-z0-9])api:(?<secret>[0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8})(?![\w-])/dg,
    `user = api:${hex(32)}-${hex(8)}-${hex(8)}`,
  ),
  looks(
    'mailchimp-key',
    each('-us', '123456789'),
    /(?<![0-9a-zA-Z])[0-9a-f]{32}-us[1-9]\d?(?![\w-])/dg,
    `${hex(32)}-us13`,
  ),
  behind('mandrill-key', 'mandrill', lettersAndDigits(22, 26, '_-'), `md-${mixed(22)}`, {
    minimumEntropy: 3.5,
  }),
  looks(
    'mandrill-md-key',
    'md-',
    /(?<![\w-])md-(?=[A-Za-z_-]{0,21}\d)[A-Za-z0-9_-]{22}(?![\w-])/dg,
    `"md-${mixed(22)}"`,
    { minimumEntropy: 3.5 },
  ),
  looks('sendinblue-key', ['xkeysib-', 'xsmtpsib-'], /x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}/dg, [
    `xkeysib-${hex(64)}-${mixed(16)}`,
    `xsmtpsib-${hex(64)}-${mixed(16)}`,
  ]),
  behind('postmark-token', 'postmark', UUID, uuid()),
  behind('sparkpost-key', 'sparkpost', hexOf(40), hex(40)),
  behind('mailjet-key', 'mailjet', hexOf(32), hex(32)),
  looks('mailersend-token', 'mlsn.', /(?<![A-Za-z0-9])mlsn\.[0-9a-f]{64}/dg, `mlsn.${hex(64)}`),
  looks(
    'resend-key',
    're_',
    /(?<![A-Za-z0-9_])re_(?:[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,36}|(?=[A-Za-z]{0,31}\d)[A-Za-z0-9]{32})(?![\w-])/dg,
    `RESEND_API_KEY=re_${mixed(8)}_${mixed(24)}`,
    {
      minimumEntropy: 3.5,
    },
  ),
  behind('elastic-email-key', ['elasticemail', 'elastic_email'], `(?:${UUID}|[0-9a-f]{96})`, hex(96)),
  behind('mailtrap-token', 'mailtrap', hexOf(32), hex(32)),
  behind('mailerlite-key', 'mailerlite', hexOf(32), hex(32)),
  behind('convertkit-key', ['convertkit', 'convert_kit'], lettersAndDigits(22, 43, '_-'), mixed(22), {
    minimumEntropy: 3.5,
  }),
  behind(
    'campaign-monitor-key',
    ['campaignmonitor', 'campaign_monitor', 'createsend'],
    lettersAndDigits(40, 130, '+/='),
    mixed(60),
    { minimumEntropy: 3.5 },
  ),
  behind('activecampaign-key', ['activecampaign', 'active_campaign'], hexOf(72), hex(72)),
  looks(
    'klaviyo-key',
    ['pk_', 'klaviyo'],
    /(?<![A-Za-z0-9_])pk_(?:[0-9a-f]{34}|[A-Za-z0-9]{6}_[0-9a-f]{34})(?![\w-])/dg,
    `pk_${hex(34)}`,
  ),
  behind('iterable-key', 'iterable', hexOf(32), hex(32)),
  behind('braze-key', ['braze'], UUID, uuid()),
  behind(
    'customer-io-key',
    ['customerio', 'customer_io', 'customer.io'],
    lettersAndDigits(20, 40),
    lower(20),
    { minimumEntropy: 3 },
  ),
  behind('sailthru-key', 'sailthru', hexOf(32), hex(32)),
  looks(
    'courier-key',
    ['pk_prod_', 'pk_test_', 'dk_prod_', 'dk_test_'],
    /(?<![A-Za-z0-9_])(?:pk|dk)_(?:prod|test)_(?=[A-Z]{0,27}\d)[A-Z0-9]{28}(?![\w-])/dg,
    `pk_prod_${upper(28)}`,
  ),
  behind('novu-key', 'novu', hexOf(32), hex(32)),
  looks(
    'onesignal-key',
    each('os_v2_', ['app_', 'org_']),
    /(?<![A-Za-z0-9])os_v2_(?:app|org)_[a-z0-9]{48,120}/dg,
    `os_v2_app_${lower(104)}`,
  ),
  behind('onesignal-legacy-key', ['onesignal', 'one_signal'], `(?:${UUID}|[a-z0-9]{48})`, mixed(48)),
  behind('loops-key', ['loops_api', 'loops.so'], hexOf(32), hex(32)),
  behind('smtp2go-key', 'smtp2go', `api-${hexOf(32)}`, `api-${hex(32).toUpperCase()}`),
  looks(
    'smtp2go-api-key',
    'api-',
    /(?<![\w-])api-(?=[A-F]{0,31}\d)[A-F0-9]{32}(?![\w-])/dg,
    `"api-${hex(32).toUpperCase()}"`,
  ),
  looks(
    'twilio-key',
    [...twoDigits('SK'), ...twoDigits('AC')],
    /(?<![A-Za-z0-9])(?:AC|SK)(?:\d[0-9a-f]|[a-f]\d)[0-9a-f]{30}(?![A-Za-z0-9])/dg,
    [`SK${hex(32)}`, `AC1${hex(31)}`],
  ),
  looks(
    'twilio-id',
    'twilio',
    /(?<![A-Za-z0-9])[A-Z]{2}[0-9a-f]{32}(?![A-Za-z0-9])/dg,
    `twilio SKff${hex(30)}`,
  ),
  behind('twilio-token', 'twilio', hexOf(32), hex(32)),
  behind('twilio-secret', 'twilio', lettersAndDigits(32), mixed(32), { minimumEntropy: 3.5 }),
  behind('vonage-secret', ['vonage', 'nexmo'], lettersAndDigits(16), mixed(16), { minimumEntropy: 3 }),
  looks(
    'plivo-id',
    'plivo',
    /(?<![A-Za-z0-9])[MS]A(?=[A-Z]{0,17}\d)[A-Z0-9]{18}(?![\w-])/dg,
    `plivo MA${upper(18)}`,
  ),
  behind('plivo-token', 'plivo', lettersAndDigits(40, 56), mixed(40), { minimumEntropy: 3.5 }),
  looks(
    'telnyx-key',
    each('KEY', '0123456789abcdef'),
    /(?<![A-Za-z0-9])KEY[0-9A-F]{32}_[A-Za-z0-9]{22}(?![\w-])/dg,
    `KEY0${hex(31).toUpperCase()}_${mixed(22)}`,
  ),
  looks(
    'infobip-key',
    'infobip',
    new RegExp(`(?<![A-Za-z0-9-])${hexOf(32)}-${UUID}(?![\\w-])`, 'dg'),
    `infobip App ${hex(32)}-${uuid()}`,
  ),
  looks('africastalking-key', 'atsk_', /(?<![A-Za-z0-9])atsk_[0-9a-f]{64}/dg, `atsk_${hex(64)}`),
  behind(
    'messagebird-token',
    ['messagebird', 'message_bird', 'message-bird'],
    lettersAndDigits(25),
    mixed(25),
    { minimumEntropy: 3 },
  ),
  behind('messagebird-client-id', ['messagebird', 'message_bird', 'message-bird'], UUID, uuid()),
  behind('sinch-secret', ['sinch', 'clicksend'], UUID, uuid()),
  behind(
    'bandwidth-secret',
    ['bandwidth_api', 'bandwidth_token', 'bandwidth_secret'],
    lettersAndDigits(32, 56),
    lower(40),
  ),
  behind('textmagic-key', ['textmagic', 'textlocal', 'msg91'], lettersAndDigits(24, 44), mixed(30), {
    minimumEntropy: 3,
  }),
  behind(
    'ringcentral-secret',
    ['ringcentral', 'dialpad', 'aircall', 'callrail'],
    lettersAndDigits(22, 64, '_-'),
    mixed(22),
    { minimumEntropy: 3.5 },
  ),
  behind(
    'hunter-io-key',
    ['hunter.io', 'hunter_api', 'hunterio', 'clearbit', 'zerobounce', 'neverbounce'],
    lettersAndDigits(32, 40, '_'),
    hex(40),
  ),
];

/** Prefixes with two hexadecimal digits behind them, at least one of which is no letter: no part of an English word. */
function twoDigits(prefix: string): string[] {
  const all = [...'0123456789abcdef'];
  const pairs = all.flatMap((first) => each(first, all)).filter((pair) => /\d/.test(pair));
  return each(prefix, pairs);
}
