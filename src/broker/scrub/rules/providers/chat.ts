import { behind, each, hexOf, lettersAndDigits, looks, UUID } from '../looks.ts';
import type { Rule } from '../rule.ts';
import { digits, hex, lower, mixed, uuid } from '../samples.ts';

/** What stands in documentations; other tokens with a row of the same letter may be those of tests. */
const SLACK_PLACEHOLDER = /TokenHere|STRINGHERE/;

/** Chats, bots and what posts into them. */
export const CHAT_RULES: readonly Rule[] = [
  looks(
    'slack-token',
    'xox',
    /xox(?:[abceoprs](?:\.xox[a-z])?-\d[A-Za-z0-9-]{7,400}|d-[A-Za-z0-9%+/=_-]{30,400})/dg,
    [
      `xoxb-${digits(12)}-${digits(13)}-${mixed(24)}`,
      `xoxe.xoxp-1-${mixed(166)}`,
      `xoxd-${mixed(60)}%2B${mixed(20)}%3D`,
    ],
    { minimumEntropy: 2, allow: SLACK_PLACEHOLDER },
  ),
  looks(
    'slack-app-token',
    ['xapp-', 'xwfp-'],
    /x(?:app|wfp)-\d{1,14}-[A-Za-z0-9/-]{16,200}/dgi,
    `xapp-1-A0${digits(9)}-${digits(13)}-${hex(64)}`,
  ),
  looks(
    'slack-webhook',
    'hooks.slack',
    /hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9+/_-]{38,120})/dg,
    `https://hooks.slack.com/services/T${digits(8)}/B${digits(8)}/${mixed(24)}`,
  ),
  behind('slack-secret', 'slack', hexOf(32), hex(32)),
  looks(
    'discord-token',
    discordBeginnings(),
    /(?<![A-Za-z0-9_])(?:M[Tjz]|N[DTjz]|O[DT])[AEIMQUYcgk][w-z0-5][A-Za-z0-9_-]{19,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}/dg,
    [`MTk4${mixed(20)}.Cl2FMQ.${mixed(27)}`, `OTUy${mixed(22)}.GSroKE.${mixed(38)}`],
    { minimumEntropy: 3.5 },
  ),
  looks(
    'discord-token-by-name',
    'discord',
    /(?<![A-Za-z0-9_.])[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_.-])/dg,
    `DISCORD=QZ1y${mixed(20)}.Cl2FMQ.${mixed(27)}`,
    { minimumEntropy: 4 },
  ),
  looks('discord-mfa-token', 'mfa.', /(?<![A-Za-z0-9])mfa\.[A-Za-z0-9_-]{84}/dg, `mfa.${mixed(84)}`),
  looks(
    'discord-webhook',
    'webhooks/',
    /discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{15,21}\/(?<secret>[A-Za-z0-9_-]{50,90})/dgi,
    `https://discord.com/api/webhooks/${digits(18)}/${mixed(68)}`,
  ),
  behind('discord-public-key', 'discord', hexOf(64), hex(64)),
  behind('discord-secret', 'discord', lettersAndDigits(32, 32, '_=-'), mixed(32), { minimumEntropy: 2 }),
  behind('discord-client-id', 'discord', '[0-9]{17,20}', digits(18), { allow: /^0+$/ }),
  looks(
    'telegram-bot-token',
    ':AA',
    /(?<![A-Za-z0-9])(?:bot)?(?<secret>\d{8,10}:AA[A-Za-z0-9_-]{32,34})(?![A-Za-z0-9_-])/dg,
    [`${digits(9)}:AA${mixed(33)}`, `https://api.telegram.org/bot${digits(10)}:AA${mixed(33)}/getMe`],
  ),
  looks(
    'telegram-token',
    'telegr',
    /(?<![A-Za-z0-9])(?:bot)?(?<secret>\d{5,16}:A[A-Za-z0-9_-]{32,36})(?![A-Za-z0-9_-])/dg,
    `telegram ${digits(9)}:A1${mixed(33)}`,
  ),
  behind('telegram-api-hash', ['telegram', 'api_hash'], hexOf(32), hex(32)),
  looks(
    'teams-webhook',
    'office.com/webhook',
    /\.office\.com\/webhook(?:b2)?\/(?<secret>[A-Za-z0-9]{8}-[A-Za-z0-9-]{27,28}@[A-Za-z0-9]{8}-[A-Za-z0-9-]{27,28}\/IncomingWebhook\/[A-Za-z0-9]{32}\/[A-Za-z0-9-]{30,40}(?:\/[A-Za-z0-9_-]{20,60})?)/dgi,
    [`https://acme.webhook.office.com/webhookb2/${uuid()}@${uuid()}/IncomingWebhook/${hex(32)}/${uuid()}`],
  ),
  looks(
    'google-chat-webhook',
    'chat.googleapis.com',
    /chat\.googleapis\.com\/v1\/spaces\/[A-Za-z0-9_-]{4,40}\/messages\?key=[A-Za-z0-9_-]{20,60}&(?:amp;)?token=(?<secret>[A-Za-z0-9_%=-]{20,120})/dg,
    `https://chat.googleapis.com/v1/spaces/AAAA${mixed(7)}/messages?key=${mixed(39)}&token=${mixed(43)}%3D`,
  ),
  looks(
    'feishu-webhook',
    ['open.feishu.cn', 'open.larksuite.com'],
    /open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot\/(?:v2\/)?hook\/(?<secret>[A-Za-z0-9-]{24,44})/dg,
    `https://open.feishu.cn/open-apis/bot/v2/hook/${uuid()}`,
  ),
  looks(
    'dingtalk-webhook',
    'oapi.dingtalk.com',
    /oapi\.dingtalk\.com\/robot\/send\?access_token=(?<secret>[A-Za-z0-9]{40,80})/dg,
    `https://oapi.dingtalk.com/robot/send?access_token=${hex(64)}`,
  ),
  looks(
    'dingtalk-secret',
    ['dingtalk', ...each('SEC', '0123456789abcdef')],
    /(?<![A-Za-z0-9])SEC[0-9a-f]{64}(?![\w-])/dg,
    `SEC${hex(64)}`,
  ),
  looks(
    'wecom-webhook',
    'qyapi.weixin.qq.com',
    new RegExp(`qyapi\\.weixin\\.qq\\.com/cgi-bin/webhook/send\\?key=(?<secret>${UUID})`, 'dgi'),
    `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${uuid()}`,
  ),
  looks(
    'serverchan-key',
    each('SCT', '123456789'),
    /(?<![A-Za-z0-9])SCT[1-9]\d{0,7}T[A-Za-z0-9]{20,40}(?![\w-])/dg,
    `SCT12345T${mixed(26)}`,
  ),
  looks(
    'zapier-webhook',
    'hooks.zapier.com',
    /hooks\.zapier\.com\/hooks\/catch\/(?<secret>\d{3,12}\/[A-Za-z0-9]{5,12})/dgi,
    `https://hooks.zapier.com/hooks/catch/1234567/${lower(7)}/`,
  ),
  looks(
    'make-webhook',
    '.make.com',
    /hook\.[a-z]{2}\d\.make\.com\/(?<secret>[a-z0-9]{32})/dg,
    `https://hook.eu1.make.com/${lower(32)}`,
  ),
  looks(
    'ifttt-webhook',
    'maker.ifttt.com',
    /maker\.ifttt\.com\/(?:trigger\/[^\s/]{1,80}\/(?:json\/)?with\/key|use)\/(?<secret>[A-Za-z0-9_-]{20,64})/dg,
    `https://maker.ifttt.com/trigger/door/with/key/${mixed(43)}`,
  ),
  looks(
    'matrix-token',
    ['syt_', 'syr_', 'mct_', 'mcr_'],
    /(?<![A-Za-z0-9])(?:sy[tr]_[A-Za-z0-9+/=-]{2,120}_[A-Za-z]{20}_[A-Za-z0-9]{6}|mc[tr]_[A-Za-z0-9]{20,40}_[A-Za-z0-9]{6})/dg,
    ['syt_YWxpY2U_kQxZbNrTmWcYpJhVsGdL_1aB2cD', `mct_${mixed(30)}_1aB2cD`],
  ),
  behind('mattermost-token', 'mattermost', lettersAndDigits(26), lower(26), { minimumEntropy: 3 }),
  looks(
    'mattermost-webhook',
    '/hooks/',
    /:\/\/[^\s/]{1,200}\/hooks\/(?<secret>(?=[a-z]{0,25}\d)[a-z0-9]{26})(?![\w-])/dg,
    `https://chat.example.com/hooks/${lower(26)}`,
  ),
  behind('gitter-token', 'gitter', lettersAndDigits(40, 40, '_-'), hex(40)),
  behind(
    'rocket-chat-token',
    ['rocketchat', 'rocket_chat', 'rocket.chat', 'x-auth-token'],
    lettersAndDigits(43, 43, '_-'),
    mixed(43),
  ),
  behind('zulip-key', 'zulip', lettersAndDigits(32), mixed(32)),
  behind(
    'line-channel-token',
    ['line_channel', 'line_bot', 'linebot', 'line_access', 'channel_access_token', 'channelaccesstoken'],
    '[a-z0-9+/]{160,180}={0,2}',
    `${mixed(171)}=`,
  ),
  behind(
    'line-channel-secret',
    ['line_channel', 'line_bot', 'linebot', 'channel_secret', 'channelsecret', 'line_notify'],
    `(?:[0-9a-f]{32}|${lettersAndDigits(43)})`,
    hex(32),
  ),
  looks(
    'viber-token',
    'viber',
    /(?<![0-9a-f-])[0-9a-f]{16}-[0-9a-f]{16}-[0-9a-f]{16}(?![\w-])/dg,
    `viber ${hex(16)}-${hex(16)}-${hex(16)}`,
  ),
  looks(
    'intercom-token',
    'dG9rO',
    /(?<![A-Za-z0-9+/])dG9rO[A-Za-z0-9+/_-]{45,90}={0,2}/dg,
    `dG9rO${mixed(54)}=`,
  ),
  behind('intercom-key', 'intercom', '[a-z0-9=_-]{60}', mixed(60), { minimumEntropy: 3 }),
  behind('sendbird-token', 'sendbird', hexOf(40), hex(40)),
  behind('sendbird-id', 'sendbird', UUID, uuid()),
  behind(
    'getstream-secret',
    ['getstream', 'stream_chat', 'stream_api_secret'],
    lettersAndDigits(64),
    lower(64),
  ),
  behind('pusher-secret', 'pusher', hexOf(20), hex(20)),
  looks(
    'pubnub-key',
    ['sec-c-', 'sub-c-', 'pub-c-'],
    /(?<![A-Za-z0-9])(?:sec-c-[A-Za-z0-9=]{40,60}|(?:sub|pub)-c-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/dgi,
    [`sec-c-${mixed(48)}`, `pub-c-${uuid()}`],
  ),
  looks(
    'ably-key',
    'ably',
    /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]{43}(?![\w-])/dg,
    `ably ${mixed(6)}.${mixed(6)}:${mixed(43)}`,
  ),
  behind('agora-certificate', 'agora', hexOf(32), hex(32)),
  behind('zoom-secret', ['zoom_api', 'zoom_client', 'zoomus'], lettersAndDigits(22, 64, '_-'), mixed(32), {
    minimumEntropy: 3.5,
  }),
  behind('webex-token', ['webex', 'ciscospark', 'cisco_spark'], lettersAndDigits(64, 110, '_-'), mixed(64)),
  looks(
    'ntfy-token',
    'tk_',
    /(?<![A-Za-z0-9_])tk_(?=[a-z]{0,28}\d)[a-z0-9]{29}(?![\w-])/dg,
    `tk_${lower(29)}`,
  ),
  behind('pushover-key', 'pushover', lettersAndDigits(30), lower(30), { minimumEntropy: 3 }),
  looks(
    'pushbullet-token',
    'pushbullet',
    /(?<![A-Za-z0-9])o\.[A-Za-z0-9]{32}(?![\w-])/dg,
    `pushbullet o.${mixed(32)}`,
  ),
  looks(
    'twitch-stream-key',
    'live_',
    /(?<![A-Za-z0-9])live_\d{6,12}_[A-Za-z0-9]{24,40}/dg,
    `live_${digits(9)}_${mixed(30)}`,
  ),
  behind('twitch-token', 'twitch', lettersAndDigits(30), lower(30), { minimumEntropy: 3 }),
  looks(
    'twitch-oauth-token',
    'oauth:',
    /(?<![A-Za-z0-9])oauth:(?<secret>(?=[a-z]{0,29}\d)[a-z0-9]{30})(?![\w-])/dg,
    `oauth:${lower(30)}`,
  ),
  behind('helpdesk-chat-key', ['freshchat', 'livechat', 'olark', 'tawk'], lettersAndDigits(32, 64), hex(64), {
    minimumEntropy: 3,
  }),
  looks(
    'flock-webhook',
    'api.flock.com',
    new RegExp(`api\\.flock\\.com/hooks/sendMessage/(?<secret>${UUID})`, 'dgi'),
    `https://api.flock.com/hooks/sendMessage/${uuid()}`,
  ),
];

/** How tokens of Discord begin: the number of the bot in base64 (its first three digits make these four characters). */
function discordBeginnings(): string[] {
  return Array.from({ length: 900 }, (_, at) => Buffer.from(String(at + 100)).toString('base64'));
}
