import type { Rule } from '../rule.ts';
import { made } from './made.ts';

/** Members of connection strings whose names no list of passwords has. */
export const CONNECTION_STRINGS: readonly Rule[] = [
  {
    // The address of a database with its password is all that is needed to read it: both are masked.
    id: 'database-url',
    keywords: [
      'postgres',
      'mongodb',
      'mysql',
      'mariadb',
      'redshift',
      'cockroach',
      'mssql',
      'sqlserver',
      'couchbase',
      'clickhouse',
    ],
    pattern:
      /(?:postgres(?:ql)?|mongodb|mysql|mariadb|redshift|cockroach(?:db)?|mssql|sqlserver|couchbases?|clickhouse)(?:\+[a-z0-9]{1,20})?:(?:\\?\/){2}(?<secret>[^\x00-\x20:@/"'<>`$[]{1,128}:(?![$<{%*])[^\x00-\x20@/"'<>`]{1,256}(?:@[^\x00-\x20@/"'<>`:,]{1,100}(?=@))?@[\w.:,@%-]{1,1000}\w)/dgi,
    allow: /^(?:[^:]{1,128}):(?:\.{3}|x{3,40}|your.{0,40}|\[REDACTED:[\w.-]{1,64}\])@.{0,1000}$/i,
    examples: [made('mongodb+srv://app:', 's3cr3t-pass', '@cluster0.a.mongodb.net/x')],
    counterExamples: ['postgres://db.example:5432/app', 'mongodb://user:${PASSWORD}@db.example/app'],
  },
  {
    // A user and a password side by side are one secret.
    id: 'connection-credentials',
    keywords: ['user id', 'userid', 'uid=', 'uid =', 'username=', 'user='],
    pattern:
      /(?<![\w-])(?:user ?id|uid|user ?name|user)[ \t]{0,2}=[ \t]{0,2}(?<secret>[^;"'<>=\x00-\x1f$%{]{1,128};[ \t]{0,4}(?:"[ \t]{0,2}[&+][ \t]{0,2}")?(?:password|pwd)[ \t]{0,2}=[ \t]{0,2}(?![$%{<*])[^;"'<>\x00-\x1f]{1,128})/dgi,
    examples: [made('Server=db;User Id=app;Password=', 's3cr3t-pass', ';Database=x')],
    counterExamples: ['Server=db;User Id=app;Password=${PASSWORD};', 'uid=1000(bob) gid=1000(bob)'],
  },
  {
    id: 'azure-connection-key',
    keywords: ['accountkey', 'sharedaccesskey', 'sharedaccesssignature', 'accesskey=', 'sharedsecret'],
    pattern:
      /(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue|;AccessKey|sharedSecretIssuerSecret)[ \t]{0,2}=[ \t]{0,2}(?<secret>(?![$%<{*])[A-Za-z0-9+/=%&?._-]{16,1000})/dgi,
    minimumEntropy: 2.5,
    examples: [made('AccountName=a;AccountKey=', 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9f==')],
    counterExamples: ['AccountKey=<key>', 'SharedAccessKeyName=RootManageSharedAccessKey'],
  },
  {
    // user/password@host of Oracle's tools and drivers.
    id: 'oracle-password',
    keywords: ['jdbc:oracle', 'sqlplus', 'sqlldr', 'expdp', 'impdp', 'rman target', 'tnsping'],
    pattern:
      /(?:jdbc:oracle:(?:thin|oci8?):|(?<![\w.-])(?:sqlplus|sqlldr|expdp|impdp|rman target)(?:[ \t]{1,4}-\w{1,10}){0,4}[ \t]{1,4}(?:userid=)?["']?)[\w$#.]{1,128}\/(?<secret>"[^"\r\n]{1,128}"|[^\x00-\x20"'@/\\]{1,128})@/dgi,
    allow: /^(?:\$[\w{(].{0,100}|&.{0,100}|[*xX.]{3,100}|<.{0,100}|%.{0,60}|password)$/,
    examples: [made('jdbc:oracle:thin:scott/', 't1ger-lily', '@//db:1521/x')],
    counterExamples: ['jdbc:oracle:thin:@//db:1521/x', 'sqlplus / as sysdba'],
  },
];
