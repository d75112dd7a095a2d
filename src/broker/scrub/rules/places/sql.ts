import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { BLANK } from './value.ts';

const STRING = `(?:\\\\{0,7}'(?<secret>(?:[^'\\\\\\r\\n]|\\\\[^'\\r\\n]|''){1,256})|\\\\{0,7}"(?<secret>(?:[^"\\\\\\r\\n]|\\\\[^"\\r\\n]){1,256}))`;

/** Passwords in SQL, which servers' logs and migrations show. */
export const SQL: readonly Rule[] = [
  {
    id: 'sql-password',
    keywords: [
      'identified',
      'password',
      'with password',
      'old_password',
      'pwdencrypt',
      'aes_encrypt',
      'pgp_sym',
      'sp_addlogin',
    ],
    pattern: new RegExp(
      '(?:' +
        [
          // CREATE USER, ALTER USER and GRANT of MySQL and Oracle.
          `\\bidentified${BLANK}{1,4}(?:(?:with|via)${BLANK}{1,4}["'\`]?\\w{1,40}["'\`]?${BLANK}{1,4}(?:by|as|using)|by)(?:${BLANK}{1,4}password)?${BLANK}{1,4}`,
          // CREATE ROLE and ALTER ROLE of PostgreSQL, CREATE LOGIN of SQL Server, SET PASSWORD.
          `\\b(?:role|user|login|with|encrypted|set|create|alter)\\b[^'"\\r\\n]{0,200}(?<![\\w.'"$:{-])password${BLANK}{0,4}=?${BLANK}{0,4}(?:for${BLANK}[^=\\r\\n]{1,100}=${BLANK}{0,4})?N?(?:password\\()?`,
          `\\b(?:old_)?password\\(${BLANK}{0,2}`,
          `\\b(?:pwdencrypt|pwdcompare)\\(${BLANK}{0,2}N?`,
          `\\b(?:aes_(?:en|de)crypt|pgp_sym_(?:en|de)crypt|encode)\\([^,\\r\\n]{1,200},${BLANK}{0,2}`,
          `\\bsp_addlogin${BLANK}{1,4}N?'[^']{1,100}',${BLANK}{0,2}N?`,
        ].join('|') +
        `)${STRING}`,
      'dgi',
    ),
    allow:
      /^(?:[*xX.?]{1,100}|<.{0,100}|\$[\w{(].{0,100}|%.{0,60}|:\w{1,60}|\?|\{\{?.{0,100}|utf-?8|base64|hex|escape|[A-Z][a-z]{1,20}(?: [\w?.!:]{1,30}){0,20})$/,
    examples: [
      made("CREATE USER 'bob'@'%' IDENTIFIED BY '", "swordfish1'"),
      made("ALTER ROLE bob WITH PASSWORD '", "swordfish1'"),
    ],
    counterExamples: ["CREATE USER bob IDENTIFIED BY '<password>'", 'ALTER ROLE bob WITH PASSWORD NULL'],
  },
];
