import type { Rule } from '../rule.ts';
import { caseless } from './caseless.ts';
import { made } from './made.ts';
import { NO_PASSWORD, NO_TOKEN } from './value.ts';

/** The words of a command before the one that counts, without what would end it. */
const WORDS = '(?:[^\\x00-\\x1f|;&]{0,240}?[ \\t"\',])?';
/** What an argument may be written in: quotes of the shell, or of a list of arguments. */
const ARGUMENT =
  '(?:"(?<secret>[^"\\r\\n]{1,256})"?|\'(?<secret>[^\'\\r\\n]{1,256})\'?|(?<secret>[^\\x00-\\x20"\'`|;&<>]{1,256}))';
/** In a list of arguments: `-p", "x`. */
const NEXT = '(?:[ \\t]{1,4}|=|["\'],[ \\t]{0,2}(?=["\']))';

/** Variables, placeholders, other options. */
const NO_ARGUMENT =
  /^(?:\$[\w{(].{0,200}|%\w{1,60}%|-.{0,200}|[*xX.]{3,100}|<.{0,100}|\{\{.{0,100}|@.{0,100})$/;

const NO_WINDOWS_ARGUMENT =
  /^(?:\$[\w{(].{0,200}|%\w{1,60}%|\/.{0,200}|[*xX.]{1,100}|<.{0,100}|\\\\.{0,200})$/;

/** `user:password` in quotes or without them. */
const USER_AND_PASSWORD =
  '(?:"(?=[^"]{0,40}\\d)[^":\\r\\n]{8,128}:"|"[^"\\r\\n]{0,128}:[^"\\r\\n]{1,256}"(?::"[^"\\r\\n]{1,256}")?|\'[^\'\\r\\n]{0,128}:[^\'\\r\\n]{1,256}\'' +
  '|[^\\x00-\\x20"\'`|;&<>:]{0,128}:(?:\'[^\'\\r\\n]{1,256}\'|"[^"\\r\\n]{1,256}"|[^\\x00-\\x20"\'`|;<>]{1,256}))';

/** What stands behind the name of a command. */
const ENDS_OF_WORD = [' ', '\t', '"', "'", ','];

const inCommand = (commands: string, option: string): RegExp =>
  new RegExp(`(?<![\\w.-])(?:${commands})(?:\\.exe)?["']?,?[ \\t]${WORDS}${option}`, 'dg');

/** Secrets in the arguments of commands, which process lists, traces (`sh -x`) and histories show. */
export const COMMAND_LINES: readonly Rule[] = [
  {
    id: 'command-user',
    keywords: ['curl', 'wget', 'http ', 'https ', 'xh ', ' --user', ' -u '],
    // The option's value is looked at first, then whose option it is: a line may hold many commands. Behind the user of
    // another one there is no more of this.
    pattern: new RegExp(
      `(?<![\\w-])(?:-u|--user|--proxy-user|-U|-a|--auth)(?:[ \\t]{0,4}|=|["'],[ \\t]{0,2})(?<secret>${USER_AND_PASSWORD})` +
        `(?<=(?:(?<![\\w.-])(?:curl|wget|https?|xh)(?:\\.exe)?["']?,?[ \\t](?:(?<! -u | --user )[^\\x00-\\x1f|;&]){0,240}?|^[ \\t]{0,20})(?:-u|--user|--proxy-user|-U|-a|--auth)(?:[ \\t]{0,4}|=|["'],[ \\t]{0,2})\\k<secret>)`,
      'dg',
    ),
    allow:
      /^["']?(?:[^:]{0,128}:["']?(?:\$[\w{(][^"']{0,200}|[*xX.]{3,100}|<[^>]{0,100}>|\[.{0,100}|\{\{?[^}]{0,100}\}{1,2}|%\w{1,60}%|(?:your|my)?[_-]?(?:password|passwd|pass|token|secret|PASSWORD|PASS|TOKEN)|\/\/.{0,200})|<[^>]{0,100}>:.{0,200}|[A-Za-z]{1,10}:\/\/.{0,400}|\d{1,6}:\d{1,6}|([a-z]{1,20}):\1|\$[({]?\w{1,40}[)}]?:\$.{0,100})["']?$/,
    examples: [made('curl -u bob:', 'swordfish1', ' https://example.com')],
    counterExamples: ['curl -u bob https://example.com', 'curl -u "$USER:$TOKEN" https://example.com'],
  },
  {
    // Commands of databases take the password directly behind -p.
    id: 'command-password',
    keywords: [
      ...['mysql', 'mariadb', 'sshpass', 'xtrabackup', 'innobackupex', 'mongo', 'unrar', '7za'],
      ...[...ENDS_OF_WORD, '.exe'].flatMap((end) => [`7z${end}`, `rar${end}`]),
    ],
    pattern: inCommand(
      'mysql(?:dump|admin|import|show|check|sh|slap|binlog|pump)?|mariadb(?:-\\w{1,20})?|xtrabackup|innobackupex|sshpass|7za?|unrar|rar|mongo(?:sh|dump|restore|import|export|stat)?',
      `(?<=[ \\t"',])-p${'(?![ \\t=])'}(?<secret>"[^"\\r\\n]{1,256}"|'[^'\\r\\n]{1,256}'|[^\\x00-\\x20"'\`|;&<>]{3,256})`,
    ),
    allow:
      /^["']?(?:\$[\w{(][^"']{0,200}|[*xX.]{3,100}|<[^>]{0,100}>|%\w{1,60}%|\{\{.{0,100}|assword|ort|rotocol|ort=\d{1,5}|rint-defaults|\d{2,5})["']?$/,
    examples: [made('mysql -u root -p', 'hunter2!', ' db')],
    counterExamples: [
      'mysql -u root -p db',
      'mysql -u root -p$PASS db',
      'mysql --protocol=tcp -h db -P 3306',
    ],
  },
  {
    id: 'command-option-password',
    keywords: [
      ...['psexec', 'connect-viserver', 'sshpass', 'docker', 'podman', 'helm', 'buildah', 'nerdctl', 'crane'],
      ...[
        'oras',
        'skopeo',
        'mongo',
        'crackmapexec',
        'nxc',
        'evil-winrm',
        'influx',
        'ldap',
        'beeline',
        'sqlcmd',
      ],
      ...['bcp', 'ipmitool', 'mosquitto_', 'plink', 'pscp', 'redis-cli', 'keytool', 'jarsigner', 'htpasswd'],
      ...['openssl', ...['cf', 'az', 'oc'].flatMap((word) => ENDS_OF_WORD.map((end) => `${word}${end}`))],
    ],
    pattern: new RegExp(
      // A user and a password side by side are one secret.
      `(?<![\\w.-])(?:(?:[Pp][Ss][Ee][Xx][Ee][Cc](?:64)?(?:\\.exe|\\.EXE)?|[Cc]onnect-[Vv][Ii][Ss]erver)[ \\t]${WORDS}-(?:u|[Uu]ser)[ \\t]{1,4}(?<secret>(?:"[^"\\r\\n]{1,128}"|'[^'\\r\\n]{1,128}'|[^\\x00-\\x20"']{1,128})[ \\t]{1,4}-(?:p|[Pp]assword)[ \\t]{1,4}(?:"[^"\\r\\n]{1,128}"|'[^'\\r\\n]{1,128}'|[^\\x00-\\x20"'\`|;&<>]{1,128}))|(?:` +
        [
          `(?:sshpass|psexec(?:64)?|PSEXEC|PsExec(?:64)?|psExec|(?:docker|podman|helm|buildah|nerdctl|crane|oras|skopeo|cf|az|oc)["']?,?[ \\t]{1,8}(?:registry["']?,?[ \\t]{1,8})?login|mongo(?:sh|dump|restore|import|export|stat)?|crackmapexec|nxc|evil-winrm|influx)(?:\\.exe)?["']?,?[ \\t]${WORDS}(?:-p|--pass|-Pw)${NEXT}`,
          `(?:ldap(?:search|add|modify|delete|passwd|whoami|compare)|beeline)["']?,?[ \\t]${WORDS}-w${NEXT}`,
          `(?:sqlcmd|bcp|ipmitool|mosquitto_(?:pub|sub)|plink|pscp)(?:\\.exe)?["']?,?[ \\t]${WORDS}(?:-P|-pw)${NEXT}`,
          `redis-cli["']?,?[ \\t]${WORDS}(?:-a|--pass)${NEXT}`,
          `(?:keytool|jarsigner)["']?,?[ \\t]${WORDS}-(?:store|key|dest(?:store|key)|src(?:store|key))pass${NEXT}`,
          `htpasswd[ \\t]{1,4}(?=[^\\r\\n|;&]{0,40}-[a-zA-Z]{0,6}b)(?:-[a-zA-Z]{1,8}[ \\t]{1,4}){1,4}(?:[^\\x00-\\x20-][^\\x00-\\x20]{0,100}[ \\t]{1,4}){1,2}`,
          `(?:openssl)["']?,?[ \\t]${WORDS}(?:pass:|-k${NEXT}|-K${NEXT})`,
        ].join('|') +
        `)${ARGUMENT})`,
      'dg',
    ),
    allow:
      /^(?:.{0,140} -(?:p|[Pp]assword)[ \t]{1,4}["']?[$%<{*].{0,140}|\$[\w{(].{0,200}|%\w{1,60}%|-.{0,200}|[*xX.]{3,100}|<.{0,100}|\{\{.{0,100}|\/.{0,200}|\d{2,5}(?::\d{2,5})?)$/,
    examples: [
      made('docker login -u bob -p ', 'swordfish1', ' registry.example'),
      made('sshpass -p ', 'swordfish1', ' ssh bob@example.com'),
    ],
    counterExamples: [
      'docker login -u bob -p $PASS registry.example',
      'docker run -p 8080:80 nginx',
      'docker login --password-stdin',
    ],
  },
  {
    id: 'command-long-option',
    keywords: ['-password', '-passwd', '-pass', '-passphrase', '-pwd', '-storepass'],
    pattern:
      /(?<![\w-])--?(?:[A-Za-z]{1,20}-){0,3}(?:[Pp]assword|[Pp]asswd|[Pp]assphrase|[Pp]ass|[Pp]wd|storepass|keypass)["']?(?:[ \t]{1,4}|,[ \t]{0,2})(?!-|\|)(?:"(?<secret>[^"\r\n]{3,256})"|'(?<secret>[^'\r\n]{3,256})'|(?<secret>(?=[^\x00-\x20]{0,60}[\d!@#%^*+])[^\x00-\x20"'`|;&<>]{3,256}))/dg,
    allow: NO_PASSWORD,
    examples: [made('tool --password ', 'swordfish1')],
    counterExamples: ['--password-stdin', '--password $PASS', '--password <password>', '--pass-through yes'],
  },
  {
    id: 'command-token-option',
    keywords: ['-token', '-key', '-secret', '-apikey', '-credential'],
    pattern:
      /(?<![\w-])--?(?:[A-Za-z0-9]{1,20}-){0,3}(?:[Tt]oken|[Ss]ecret|[Aa]pi-?[Kk]ey|(?:access|secret|auth|license|api|account|client|shared|master|encryption|signing)-?[Kk]ey|[Cc]lient[Ss]ecret|[Aa]ccess[Kk]ey|[Ss]ecret[Kk]ey|[Ll]icense[Kk]ey)["']?(?:[ \t]{1,4}|,[ \t]{0,2})(?!-)(?:"(?<secret>[^"\r\n]{6,512})"|'(?<secret>[^'\r\n]{6,512})'|(?<secret>(?=[^\x00-\x20]{0,60}\d)[^\x00-\x20"'`|;&<>]{6,1024}))/dg,
    allow: NO_TOKEN,
    examples: [made('vault login --token ', 's3cr3t-t0k3n-value')],
    counterExamples: ['--token $TOKEN', '--api-key <key>', '--secret my-secret', '--token-ttl 3600s'],
  },
  {
    // Options and arguments that only one command has.
    id: 'command-argument',
    keywords: [
      ...[
        'smbclient',
        'rpcclient',
        'smbmap',
        'net rpc',
        'mount.cifs',
        'lftp',
        'rabbitmqctl',
        'consul kv put',
      ],
    ],
    pattern: new RegExp(
      '(?:' +
        [
          `(?<![\\w.-])(?:smbclient|rpcclient|smbmap|net rpc|mount\\.cifs)[ \\t]${WORDS}(?:-U|--user)[ \\t=]{0,4}["']?[\\w.\\\\/@-]{1,64}%`,
          `(?<![\\w.-])lftp[ \\t]${WORDS}-u[ \\t]{1,4}["']?[\\w.@-]{1,64},`,
          `(?<![\\w.-])rabbitmqctl[ \\t]{1,4}(?:add_user|change_password)[ \\t]{1,4}[^\\x00-\\x20]{1,64}[ \\t]{1,4}`,
          `(?<![\\w.-])consul kv put [\\w./-]{0,80}(?:password|secret|token|key)[ \\t]{1,4}`,
        ].join('|') +
        `)${ARGUMENT}`,
      'dg',
    ),
    allow: NO_ARGUMENT,
    examples: [made('smbclient //host/share -U bob%', 'swordfish1')],
    counterExamples: ['lftp -u bob sftp://h'],
  },
  {
    id: 'zip-password',
    keywords: ['zip ', 'zip\t'],
    pattern: new RegExp(`(?<![\\w.-])zip[ \\t]${WORDS}-P[ \\t]{1,4}${ARGUMENT}`, 'dg'),
    allow: NO_ARGUMENT,
    examples: [made('zip -q -P ', 'swordfish1', ' all.zip notes')],
    counterExamples: ['zip -q all.zip notes'],
  },
  {
    // What is written into a command that reads a password.
    id: 'command-input',
    keywords: ['-stdin', 'chpasswd', 'sudo -s', 'sudo -k', '-passphrase-fd'],
    pattern: new RegExp(
      `(?<![\\w.-])(?:echo|printf)[ \\t](?:-[neE]{1,3}[ \\t])?(?:["']?%s(?:\\\\n)?["']?[ \\t])?(?=[^|\\r\\n]{1,200}\\|[ \\t]{0,4}(?:[\\w/=-]{1,40}[ \\t]{1,4}){0,8}(?:--password-stdin|--stdin|chpasswd|-S(?![\\w-])|--passphrase-fd))${ARGUMENT}`,
      'dg',
    ),
    allow: NO_ARGUMENT,
    examples: [
      made("echo '", "swordfish1' | docker login -u bob --password-stdin"),
      made("echo 'bob:", "swordfish1' | chpasswd"),
    ],
    counterExamples: ['echo "$TOKEN" | docker login -u bob --password-stdin', 'echo done | tee log'],
  },
  {
    id: 'windows-user-password',
    keywords: ['net ', 'net\t', 'net.exe'],
    pattern: new RegExp(
      `(?<![\\w.-])net(?:\\.exe)?[ \\t]{1,8}user[ \\t]{1,8}(?:"[^"]{1,60}"|[^\\x00-\\x20/"]{1,60})[ \\t]{1,8}(?!/|\\*)${ARGUMENT}`,
      'dg',
    ),
    allow: NO_WINDOWS_ARGUMENT,
    examples: [made('net user bob ', 'Swordf1sh!', ' /add')],
    counterExamples: ['net user bob /delete'],
  },
  {
    // With an option behind a slash.
    id: 'windows-password',
    keywords: [
      ...[
        'net ',
        'net\t',
        'net.exe',
        'cmdkey',
        'freerdp',
        'mstsc',
        'schtasks',
        'netdom',
        'runas',
        'msdeploy',
      ],
      'psexec',
    ],
    pattern: new RegExp(
      '(?:' +
        [
          `(?<![\\w.-])net(?:\\.exe)?[ \\t]{1,8}use[ \\t]${WORDS}(?=[^\\x00-\\x20]{1,200}[ \\t]{1,8}/[uU](?:ser|SER)?:)(?!/|\\\\|[A-Za-z]:)`,
          `(?<![\\w.-])net(?:\\.exe)?[ \\t]{1,8}use[ \\t]${WORDS}/[uU](?:ser|SER)?:[^\\x00-\\x20]{1,100}[ \\t]{1,8}(?!/)`,
          `(?:[Ff]ree[Rr][Dd][Pp]|cmdkey|mstsc|${caseless('schtasks|netdom|runas')}|msdeploy|psexec)(?:\\.exe)?[ \\t]${WORDS}/${caseless('p|pass|password|pwd|rp')}[: ](?!/)`,
        ].join('|') +
        `)${ARGUMENT}`,
      'dg',
    ),
    allow: NO_WINDOWS_ARGUMENT,
    examples: [made('xfreerdp /u:bob /p:', 'Swordf1sh!', ' /v:host')],
    counterExamples: ['net use z: \\\\server\\share /persistent:yes', 'msbuild /p:Configuration=Release'],
  },
  {
    id: 'powershell-password',
    keywords: [
      'convertto-securestring',
      '-asplaintext',
      'pscredential',
      'networkcredential',
      'connect-viserver',
    ],
    pattern: new RegExp(
      `(?:[Cc]onvert[Tt]o-[Ss]ecure[Ss]tring[ \\t]{1,8}(?:-(?:[Ss]tring|AsPlainText|asplaintext|Force|force)[ \\t]{1,8}){0,3}|[Cc]onnect-(?:VIServer|viserver)[ \\t]${WORDS}-[Pp]assword[ \\t]{1,8}|[Nn]etwork[Cc]redential\\([ \\t]{0,2}["'][^"']{0,128}["'],[ \\t]{0,2}(?:@|N)?)${ARGUMENT}`,
      'dg',
    ),
    allow:
      /^(?:\$[\w{(:].{0,200}|-.{0,100}|[*xX.]{3,100}|<.{0,100}|\(.{0,200}|[A-Za-z_][\w.]{0,60}[),(.].{0,200}|@.{0,100})$/,
    examples: [
      made("ConvertTo-SecureString '", "Swordf1sh!' -AsPlainText -Force"),
      made('new NetworkCredential("bob", "', 'Swordf1sh!")'),
    ],
    counterExamples: ['ConvertTo-SecureString $pw -AsPlainText', 'new NetworkCredential("bob", password)'],
  },
];
