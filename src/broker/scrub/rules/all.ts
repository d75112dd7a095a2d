import { PLACE_RULES } from './places.ts';
import { AMAZON_RULES } from './providers/amazon.ts';
import { ANALYTICS_RULES } from './providers/analytics.ts';
import { ARTIFICIAL_INTELLIGENCE_RULES } from './providers/artificial-intelligence.ts';
import { CHAT_RULES } from './providers/chat.ts';
import { CLOUD_RULES } from './providers/clouds.ts';
import { CODE_HOSTING_RULES } from './providers/code-hosting.ts';
import { COMMERCE_RULES } from './providers/commerce.ts';
import { CONTENT_RULES } from './providers/content.ts';
import { CONTINUOUS_INTEGRATION_RULES } from './providers/continuous-integration.ts';
import { DATABASE_RULES } from './providers/databases.ts';
import { DEVELOPER_SERVICE_RULES } from './providers/developer-services.ts';
import { GOOGLE_RULES } from './providers/google.ts';
import { HOSTING_RULES } from './providers/hosting.ts';
import { IDENTITY_RULES } from './providers/identity.ts';
import { INFRASTRUCTURE_RULES } from './providers/infrastructure.ts';
import { MAIL_RULES } from './providers/mail.ts';
import { MAP_RULES } from './providers/maps.ts';
import { MICROSOFT_RULES } from './providers/microsoft.ts';
import { MONITORING_RULES } from './providers/monitoring.ts';
import { PACKAGE_RULES } from './providers/packages.ts';
import { PAYMENT_RULES } from './providers/payments.ts';
import { SECRET_LINK_RULES } from './providers/secret-links.ts';
import { SECURITY_RULES } from './providers/security.ts';
import { SELF_HOSTED_RULES } from './providers/self-hosted.ts';
import { SOCIAL_RULES } from './providers/social.ts';
import { TRADING_RULES } from './providers/trading.ts';
import { WALLET_RULES } from './providers/wallets.ts';
import { WEB_TOKEN_RULES } from './providers/web-tokens.ts';
import { WORK_RULES } from './providers/work.ts';
import type { Rule } from './rule.ts';

/** Every rule; the first of two that match the same bytes names the mark. */
export const RULES: readonly Rule[] = [
  ...CODE_HOSTING_RULES,
  ...CONTINUOUS_INTEGRATION_RULES,
  ...PACKAGE_RULES,
  ...ARTIFICIAL_INTELLIGENCE_RULES,
  ...DATABASE_RULES,
  ...HOSTING_RULES,
  ...INFRASTRUCTURE_RULES,
  ...AMAZON_RULES,
  ...MICROSOFT_RULES,
  ...GOOGLE_RULES,
  ...CLOUD_RULES,
  ...PAYMENT_RULES,
  ...TRADING_RULES,
  ...MAIL_RULES,
  ...CHAT_RULES,
  ...MONITORING_RULES,
  ...ANALYTICS_RULES,
  ...IDENTITY_RULES,
  ...SECURITY_RULES,
  ...COMMERCE_RULES,
  ...WORK_RULES,
  ...CONTENT_RULES,
  ...SOCIAL_RULES,
  ...MAP_RULES,
  ...SECRET_LINK_RULES,
  ...WALLET_RULES,
  ...SELF_HOSTED_RULES,
  ...DEVELOPER_SERVICE_RULES,
  ...WEB_TOKEN_RULES,
  ...PLACE_RULES,
];
