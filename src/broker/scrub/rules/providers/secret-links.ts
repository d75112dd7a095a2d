import { each, looks, UUID } from '../looks.ts';
import type { Rule } from '../rule.ts';
import { hex, lower, mixed, uuid } from '../samples.ts';

/** Addresses that whoever knows them may write to, or read. */
export const SECRET_LINK_RULES: readonly Rule[] = [
  looks(
    'rocket-chat-webhook',
    '/hooks/',
    /\/hooks\/(?<secret>[A-Za-z0-9]{17,24}\/[A-Za-z0-9]{30,64})(?![\w-])/dg,
    `https://chat.example.com/hooks/${hex(24)}/${mixed(48)}`,
  ),
  looks(
    'bitrix-webhook',
    '.bitrix24.',
    /\.bitrix24\.[a-z.]{2,6}\/rest\/\d{1,6}\/(?<secret>[a-z0-9]{14,32})\//dg,
    `https://acme.bitrix24.com/rest/1/${lower(16)}/crm.lead.list`,
  ),
  looks(
    'datadog-intake-url',
    'datadoghq.',
    /datadoghq\.(?:com|eu)\/(?:api\/)?v\d\/input\/(?<secret>[0-9a-f]{32})(?![\w-])/dg,
    `https://http-intake.logs.datadoghq.com/v1/input/${hex(32)}`,
  ),
  looks(
    'google-calendar-link',
    'calendar.google.com',
    /calendar\.google\.com\/calendar\/(?:u\/\d\/)?ical\/[^\s/"']{1,200}\/private-(?<secret>[0-9a-f]{32})/dg,
    `https://calendar.google.com/calendar/ical/bob%40example.com/private-${hex(32)}/basic.ics`,
  ),
  looks(
    'outlook-calendar-link',
    each('outlook.', ['office365.com', 'office.com', 'live.com']),
    /outlook\.(?:office365|office|live)\.com\/owa\/calendar\/(?<secret>[^\s/"']{20,120}\/[0-9A-Za-z-]{16,120})\//dg,
    `https://outlook.office365.com/owa/calendar/${hex(32)}@example.com/${hex(64)}/calendar.ics`,
  ),
  looks(
    'airbnb-calendar-link',
    'airbnb.',
    /airbnb\.[a-z.]{2,6}\/calendar\/ical\/\d{4,24}\.ics\?s=(?<secret>[0-9a-f]{32})/dg,
    `https://www.airbnb.com/calendar/ical/12345678.ics?s=${hex(32)}`,
  ),
  looks(
    'heartbeat-link',
    ['betterstack.com', 'betteruptime.com'],
    /better(?:stack|uptime)\.com\/api\/v1\/heartbeat\/(?<secret>[A-Za-z0-9]{24})(?![\w-])/dg,
    `https://uptime.betterstack.com/api/v1/heartbeat/${mixed(24)}`,
  ),
  looks(
    'cronitor-link',
    'cronitor.link',
    /cronitor\.link\/(?:p|ping)\/(?<secret>[0-9a-f]{32})/dg,
    `https://cronitor.link/p/${hex(32)}/nightly`,
  ),
  looks(
    'dead-mans-snitch-link',
    'nosnch.in',
    /nosnch\.in\/(?<secret>[0-9a-f]{10})(?![\w-])/dg,
    `https://nosnch.in/${hex(10)}`,
  ),
  looks(
    'opsgenie-heartbeat-link',
    'opsgenie.com',
    new RegExp(`opsgenie\\.com/v\\d/[^\\s"']{1,100}apiKey=(?<secret>${UUID})`, 'dgi'),
    `https://api.opsgenie.com/v1/json/datadog?apiKey=${uuid()}`,
  ),
  looks(
    'pagerduty-integration-link',
    'events.pagerduty.com',
    /events\.pagerduty\.com\/(?:integration|x-ere)\/(?<secret>[0-9a-zA-Z]{32})/dg,
    `https://events.pagerduty.com/integration/${hex(32)}/enqueue`,
  ),
  looks(
    'victorops-link',
    'alert.victorops.com',
    new RegExp(`alert\\.victorops\\.com/integrations/[\\w/-]{1,80}/(?<secret>${UUID})`, 'dgi'),
    `https://alert.victorops.com/integrations/generic/20131114/alert/${uuid()}/team`,
  ),
];
