import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import { anyOf, base62, base64, base64url, hex, lower32, sequence, shaped, UUID } from '../shapes.ts';

const PADDED = shaped('={0,2}', '=');
/** An application's secret holds the version of its kind as a digit before `Q~`. */
const VERSIONS = Array.from({ length: 10 }, (_, version) => `${version}q~`);
/** Where Azure's services write their name into their keys. */
const SERVICE_MARKS = [
  '\\+ASt',
  'ACDb',
  '\\+ABa',
  '\\+ASb',
  '\\+AEh',
  'AIoT',
  '\\+ARm',
  'AzSe',
  'AzFu',
  '\\+ACR',
  'AzCa',
  '\\+AMC',
];

/** Azure, Azure DevOps and Microsoft's identity platform. */
export const MICROSOFT_RULES: readonly Rule[] = [
  behind('azure-storage-key', 'AccountKey=', [base64(60, 100), PADDED]),
  behind('azure-shared-access-key', 'SharedAccessKey= SharedSecret= ;AccessKey=', [base64(40, 100), PADDED]),
  {
    id: 'azure-app-configuration-secret',
    keywords: ['.azconfig.io'],
    pattern: /\.azconfig\.io;Id=[^;\s]{1,80};Secret=(?<secret>[A-Za-z0-9+/]{36,100}={0,2})/dg,
    examples: [
      `Endpoint=https://a.azconfig.io;Id=x-l0-s0:${base62(20).example};Secret=${base64(43).example}=`,
    ],
    counterExamples: ['Endpoint=https://a.azconfig.io;Id=xxx;Secret=xxx'],
  },
  {
    id: 'azure-signature',
    keywords: ['sig='],
    pattern: /[?&;"'\s]sig=(?<secret>[A-Za-z0-9%+/_-]{40,120}={0,2})/dg,
    examples: [`https://a.blob.core.windows.net/b?sv=2024-11-04&sig=${base64(43).example}%3D`],
    counterExamples: ['?sig=none'],
  },
  {
    id: 'azure-service-key',
    keywords: [
      '+ast',
      'acdb',
      '+aba',
      '+asb',
      '+aeh',
      'aiot',
      '+arm',
      'azse',
      'azfu',
      '+acr',
      'azca',
      '+amc',
    ],
    pattern: new RegExp(
      `(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{33,76}(?:${SERVICE_MARKS.join('|')})[A-Za-z0-9+/_-]{5,8}={0,2}(?![A-Za-z0-9+/=_-])`,
      'dg',
    ),
    minimumEntropy: 4,
    examples: [
      `${base64(76).example}+ASt${base64(6).example}==`,
      `${base62(42).example}AzSe${base62(6).example}`,
    ],
    counterExamples: ['a map image: gzip', '+ASt and AzSe'],
  },
  {
    id: 'azure-identifiable-key',
    keywords: ['jqqj9'],
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}(?![A-Za-z0-9])/dg,
    examples: [`${base62(52).example}JQQJ99B${base62(25).example}`],
    counterExamples: ['JQQJ99 alone'],
  },
  {
    id: 'azure-devops-token',
    keywords: ['azdo'],
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])/dg,
    examples: [`${base62(76).example}AZDO${base62(4).example}`],
    counterExamples: ['AZDO', 'azdo-agent'],
  },
  named({
    id: 'azure-devops-legacy-token',
    names: [
      'azure_devops',
      'ado_pat',
      'ado_token',
      'azdo',
      'vsts',
      'personal_access_token',
      'system_accesstoken',
    ],
    secret: lower32(52),
  }),
  {
    id: 'azure-client-secret',
    keywords: VERSIONS,
    pattern: /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/dg,
    minimumEntropy: 3,
    examples: [`${base62(3).example}8Q~${base62(34).example}`],
    counterExamples: ['8Q~', 'a~8Q~b'],
  },
  named({
    id: 'azure-client-secret-by-name',
    names: ['azure_client_secret', 'arm_client_secret', 'ad_client_secret', 'azure_secret', 'azure_password'],
    secret: shaped('[\\w.~+/=@?:\\[\\]-]{30,44}', base62(40).example),
  }),
  named({
    id: 'azure-subscription-key',
    names: [
      'subscription_key',
      'azure_openai',
      'azure_api_key',
      'azure_search',
      'cognitive_services',
      'azure_speech',
      'bing_search',
    ],
    secret: anyOf(hex(32), base62(52), base62(84)),
  }),
  named({ id: 'azure-publish-password', names: ['userpwd'], secret: base62(60) }),
  named({
    id: 'azure-identity',
    names: [
      'azure_client_id',
      'azure_tenant_id',
      'azure_subscription_id',
      'ad_tenant_id',
      'ad_client_id',
      'arm_client_id',
      'arm_tenant_id',
    ],
    secret: UUID,
  }),
  {
    id: 'microsoft-refresh-token',
    keywords: ['.agaba'],
    pattern:
      /(?<![A-Za-z0-9_-])[01]\.A[A-Za-z0-9_-]{20,120}\.AgABA[A-Za-z0-9_-]{80,2000}(?:\.[A-Za-z0-9_-]{1,500})?/dg,
    examples: [`1.AX${base64url(40).example}.AgABA${base64url(120).example}`],
    counterExamples: ['0.A.AgABA'],
  },
  prefixed(
    'microsoft-personal-refresh-token',
    'M.C M.R',
    shaped('\\d{1,4}_[A-Z0-9]{2,5}\\.[A-Za-z0-9*!$.-]{60,1500}', `543_BAY.0.U.-${base62(90).example}`),
  ),
  named({
    id: 'power-automate-signature',
    names: ['workflow_sas', 'logic_app'],
    secret: sequence(base64url(43)),
  }),
];
