import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import {
  anyOf,
  base62,
  base64,
  base64url,
  digits,
  dotted,
  hex,
  lower36,
  sequence,
  shaped,
  UUID,
  upper36,
} from '../shapes.ts';

const DOCUMENTED = /EXAMPLE$/;
const SECRET_KEY = shaped('[A-Za-z0-9/+]{40}', 'tT3n/Wf9Zq+8LbR2vKx7Yc1/HgJ5mPd4Sa6QeUoB');
const ACCESS_KEY_ID = '(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}';

/** Amazon Web Services, and Amazon's shops and devices. */
export const AMAZON_RULES: readonly Rule[] = [
  prefixed('aws-access-key-id', 'AKIA ASIA ABIA ACCA', upper36(16), { allow: DOCUMENTED, minimumEntropy: 0 }),
  prefixed('aws-access-key-id-a3t', 'A3T', upper36(17), { allow: DOCUMENTED, minimumEntropy: 0 }),
  named({
    id: 'aws-secret-access-key',
    names: [
      'aws_secret',
      'aws secret',
      'aws.secret',
      'secret_access_key',
      'secret access key',
      'aws_access_key',
      'aws_sec',
      'amazon_secret',
      's3_secret',
    ],
    secret: SECRET_KEY,
    allow: /^x+$/i,
  }),
  {
    id: 'aws-secret-beside-id',
    keywords: ['akia', 'asia', 'abia', 'acca', 'a3t'],
    pattern: new RegExp(
      `\\b${ACCESS_KEY_ID}[^A-Za-z0-9/+\\n]{1,8}(?:(?:aws[_ ]?)?secret[\\w .-]{0,20}[:=\\s]{1,4}["']?)?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])`,
      'dg',
    ),
    examples: [
      `AKIA${upper36(16).example}:${SECRET_KEY.example}`,
      `ASIA${upper36(16).example} ${SECRET_KEY.example}`,
    ],
    counterExamples: ['AKIA and ASIA'],
  },
  prefixed('aws-session-token', 'IQoJb3JpZ2luX2Vj FwoGZXIvYXdz FQoGZXIvYXdz AQoDYXdzE', dotted(40, 3_000)),
  named({
    id: 'aws-session-token-by-name',
    names: ['aws_session_token', 'aws_security_token', 'x_amz_security_token'],
    secret: dotted(60, 3_000),
  }),
  behind('aws-request-signature', 'X-Amz-Signature= ,Signature=', hex(64)),
  behind(
    'signed-url-signature',
    '&Signature= ?Signature=',
    shaped('[A-Za-z0-9%+/_~=-]{26,600}', base64(28).example),
  ),
  prefixed('amazon-mws-token', 'amzn.mws.', UUID),
  prefixed('amazon-client-secret', 'amzn1.oa2-cs.v1.', hex(40, 80)),
  prefixed('amazon-login-token', 'Atza| Atzr| Atna|', dotted(60, 3_000)),
  prefixed('aws-appsync-key', 'da2-', lower36(26)),
  prefixed('aws-bedrock-key', 'ABSK', [base64(100, 300), shaped('={0,2}', '')]),
  prefixed('aws-bedrock-short-lived-key', 'bedrock-api-key-', dotted(20, 4_000)),
  prefixed('aws-registry-password', 'eyJwYXlsb2FkIjoi', dotted(60, 6_000)),
  named({ id: 'aws-mail-password', names: ['ses_smtp', 'aws_ses'], secret: sequence('B', base64(43)) }),
  named({
    id: 'aws-account-id',
    names: ['aws_account', 'awsaccountid'],
    secret: anyOf(digits(12), sequence(digits(4), '-', digits(4), '-', digits(4))),
  }),
  named({
    id: 'aws-cognito-secret',
    names: ['cognito_client_secret', 'cognito_secret'],
    secret: base62(48, 55),
  }),
  named({
    id: 'alexa-secret',
    names: ['alexa_client_secret', 'alexa_secret'],
    secret: anyOf(hex(64), base64url(40, 80)),
  }),
];
