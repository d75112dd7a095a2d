import { describe, expect, test } from 'vitest';
import { PLACE_RULES } from '../../../src/broker/scrub/rules/places.ts';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';

const { text } = createScrubber([]);
const scrubbed = (line: string): string => text(line).text;
/** Stands for a secret, so that no line below holds one for scanners to find. */
const PASSWORD = ['Sw0rdf1sh', '!7'].join('');
const KEY = ['9f8e7d6c5b4a39281706', 'f5e4d3c2b1a0xQ'].join('');

describe('a password is masked', () => {
  test.each([
    // Shells and environments.
    'DB_PASSWORD=§',
    "export PGPASSWORD='§'",
    'PGPASSWORD="§" psql -h db app',
    'MYSQL_PWD=§ mysqldump app',
    'env REDIS_PASS=§ ./run',
    '+ PASS=§',
    'docker run -e POSTGRES_PASSWORD=§ postgres',
    'set DB_PASSWORD=§',
    '$env:DB_PASSWORD = "§"',
    'setenv DB_PASSWORD "§"',
    '${DB_PASSWORD:-§}',
    // Configurations.
    'password: §',
    '  - password: "§"',
    "    password: '§' # of the database",
    'spring.datasource.password=§',
    'password = §',
    '"password": "§",',
    '{"user":"bob","password":"§","port":1}',
    '{"log":"{\\"user\\":\\"bob\\",\\"password\\":\\"§\\"}"}',
    '{"log":"{\\\\\\"password\\\\\\":\\\\\\"§\\\\\\"}"}',
    '&quot;password&quot;:&quot;§&quot;',
    'password        => "§",',
    ':password => "§"',
    "'password' => env('DB_PASSWORD', '§'),",
    "define('DB_PASSWORD', '§');",
    'requirepass §',
    '<password>§</password>',
    '<db:password encrypted="false">§</db:password>',
    '<add key="DbPassword" value="§" />',
    '<property name="connection.password">§</property>',
    '<property name="password" value="§"/>',
    '<key>Password</key><string>§</string>',
    // Connection strings.
    'Server=db;User Id=bob;Password=§;Database=app',
    'Server=db;Uid=bob;Pwd=§;',
    'jdbc:mysql://db/app?user=bob&password=§&useSSL=false',
    'host=db user=bob password=§ dbname=app',
    'postgres://bob:§@db.example:5432/app',
    'redis://:§@cache:6379/0',
    'amqp://bob:§@mq/vhost',
    'https://bob:§@example.com/a.git',
    'url=postgres%3A%2F%2Fbob%3A§%40db',
    '{"url":"postgres:\\/\\/bob:§@db\\/app"}',
    'jdbc:oracle:thin:scott/§@//db:1521/x',
    // Code.
    'String password = "§";',
    'const password: string = "§";',
    'var password string = "§"',
    'let db_password = "§";',
    'private static final String PASSWORD = "§";',
    '$pw = "§";',
    'my $passwd = "§";',
    'char password[] = "§";',
    '#define WIFI_PASSWORD "§"',
    'config.setPassword("§");',
    'builder.password("§")',
    'connect(user="bob", password="§", db=1)',
    'new NetworkCredential("bob", "§")',
    "auth=HTTPBasicAuth('bob', '§')",
    'System.setProperty("db.password", "§");',
    'os.environ["DB_PASSWORD"] = "§"',
    "config['password'] = '§'",
    'if (password == "§") {',
    'if ("§" === password) {',
    'password.equals("§")',
    'Password = @"§";',
    'var pw = []byte("§")',
    'password "§"',
    // Command lines.
    'mysql -u root -p§ app',
    'mysqldump --password=§ app',
    'sshpass -p § ssh bob@example.com',
    "sshpass -p '§' ssh bob@example.com",
    'docker login -u bob -p § registry.example',
    'helm registry login -u bob --password § registry.example',
    'curl -u bob:§ https://example.com',
    "curl -s --user 'bob:§' https://example.com",
    'wget --user=bob --password=§ https://example.com',
    'redis-cli -a § ping',
    'ldapsearch -x -D cn=admin -w § -b dc=x',
    'htpasswd -b -c .htpasswd bob §',
    'openssl enc -aes-256-cbc -pass pass:§ -in a',
    'keytool -list -storepass § -keystore a.jks',
    'net user bob § /add',
    'xfreerdp /u:bob /p:§ /v:host',
    'psexec \\\\host -u bob -p § cmd',
    "ConvertTo-SecureString '§' -AsPlainText -Force",
    'tool --db-password § start',
    // SQL.
    "CREATE USER 'bob'@'%' IDENTIFIED BY '§';",
    "ALTER USER bob IDENTIFIED WITH mysql_native_password BY '§'",
    "ALTER ROLE bob WITH LOGIN PASSWORD '§'",
    "CREATE LOGIN bob WITH PASSWORD = N'§'",
    "SET PASSWORD FOR 'bob'@'localhost' = PASSWORD('§')",
    // Files.
    'machine example.com login bob password §',
    'db.example:5432:app:bob:§',
    '*:*:*:bob:§',
    'requirepass "§"',
    'rootpw §',
    'radius-server host 10.0.0.1 key §',
    'username bob password 7 §',
    ' password §',
    'wpa_passphrase=§',
    'psk="§"',
    'smbclient //host/share -U bob%§',
    'lftp -u bob,§ sftp://host',
    'rabbitmqctl change_password bob §',
    "echo '§' | docker login -u bob --password-stdin",
    'echo "bob:§" | chpasswd',
    'rpcpassword=§',
    'ansible_ssh_pass=§',
    'kubectl create secret generic db --from-literal=password=§',
    'helm install app --set postgresql.auth.password=§',
    '<user username="bob" password="§" roles="x"/>',
    'requests.post(url, auth=("bob", "§"))',
    'Authorization: Basic Ym9i§',
    'connectionString="Data Source=.;User Id=sa;Password=§;"',
    // Prose.
    "the default password is '§'",
    'A temporary password is generated for root@localhost: §',
    'Login with user bob, password: §',
  ])('in %s', (line) => {
    const masked = scrubbed(line.replace('§', PASSWORD));
    expect(masked).not.toContain(PASSWORD);
    expect(masked).toContain('[REDACTED:');
    expect(scrubbed(masked)).toBe(masked);
  });
});

describe('a token or key is masked', () => {
  test.each([
    'API_KEY=§',
    'api_key: §',
    '"apiKey": "§"',
    'client_secret=§&grant_type=x',
    'https://a.example/?access_token=§&page=2',
    'https://a.example/b?sv=1&sig=§&se=2',
    '?X-Amz-Signature=§',
    'Authorization: Bearer §',
    'authorization: token §',
    '"Authorization": "Bearer §"',
    "-H 'Authorization: Bearer §'",
    '{"headers":{"authorization":"Bearer §"}}',
    'Proxy-Authorization: Basic §',
    '> X-Api-Key: §',
    "curl -H 'PRIVATE-TOKEN: §' https://a.example",
    '"x-auth-token": "§"',
    'Set-Cookie: session=§; Path=/; HttpOnly',
    'Cookie: a=1; sid=§',
    'PHPSESSID=§',
    'SECRET_KEY = "§"',
    'secret_key_base: §',
    'APP_KEY=base64:§',
    "define('AUTH_SALT', '§');",
    'JWT_SECRET=§',
    'sessionSecret: "§"',
    'LICENSE_KEY=§',
    'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§==;EndpointSuffix=x',
    'Endpoint=sb://a.example/;SharedAccessKeyName=Root;SharedAccessKey=§',
    '//registry.example/:_authToken=§',
    'npmAuthToken: "§"',
    '"auths":{"r.example":{"auth":"§"}}',
    'vault login --token §',
    'tool --api-key=§',
    '<apiKey>§</apiKey>',
    '<string name="api_key">§</string>',
    "System.setProperty('api.token', '§')",
    'let token: &str = "§";',
    'token := "§"',
    'aws_secret_access_key = §',
    'STRIPE_WEBHOOK_SIGNING_KEY=§',
    'x_signature = "§"',
    'aws configure set aws_secret_access_key §',
    'Access Token      §',
    'encryptionKey: "§",',
  ])('in %s', (line) => {
    const masked = scrubbed(line.replace('§', KEY));
    expect(masked).not.toContain(KEY);
    expect(masked).toContain('[REDACTED:');
    expect(scrubbed(masked)).toBe(masked);
  });
});

describe('what is no secret survives', () => {
  test.each([
    // Digests and identifiers.
    'commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad (HEAD -> main, tag: v1.2.3)',
    'key: 0195a6b0-1111-7222-8333-444455556666',
    '"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==",',
    'Cache restored from key: linux-npm-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'cache-key: v1-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'gpg: Signature made Tue 01 Jul 2025 10:00:00 AM UTC using RSA key 4AEE18F83AFDEB23',
    'Digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0123456789abcdefghijklmnopqrstuvwxyzAB me@host',
    'tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUQ0ekNDQXN1Z0F3SUJBZ0lVV3pqUDl5RUk0eHlR',
    'PublicKey = uRsfsZ2Ts1rach4Zv3hhwcx6wa5fuIo2u3w7sa+7j81=',
    'primary_key=0195a6b0111172228333444455556666',
    // Logs.
    'Failed password for root from 10.0.0.1 port 22 ssh2',
    'Failed password for invalid user admin from 10.0.0.1 port 4711 ssh2',
    'Accepted password for bob from 10.0.0.1 port 50022 ssh2',
    'Accepted publickey for bob from 10.0.0.1 port 50022 ssh2: RSA SHA256:9f86d081884c7d659a2feaa0c55ad015',
    'password: ',
    'Password:',
    'Enter password for bob: ',
    "bob@example.com's password: ",
    '[sudo] password for bob: ',
    'Password changed for user bob',
    'error: password authentication failed for user "bob"',
    'FATAL:  password authentication failed for user "bob"',
    "Access denied for user 'bob'@'localhost' (using password: YES)",
    'Error: Invalid password: it is too short',
    'The password is required',
    'SyntaxError: Unexpected token } in JSON at position 42',
    'SyntaxError: Unexpected token: punc (})',
    'Error: token: expected string, got number',
    'prompt_tokens: 1234, completion_tokens: 567, total_tokens: 1801',
    'max_tokens=4096',
    'secret/db-credentials created',
    'secret "db-credentials" deleted',
    'Error from server (NotFound): secrets "db-credentials" not found',
    'Normal  Pulled  Successfully pulled image "nginx:1.27"',
    'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : failed to fetch token',
    '    --- PASS: TestBuild/docker+machine/case-3 (0.00s)',
    'PASS: 12 FAIL: 0 SKIP: 3',
    'pass: 1234, fail: 0',
    '# pass 257',
    'ok   github.com/a/b/secret  0.012s',
    'Compiling password-hash v0.5.0',
    '+ password-prompt@1.1.3',
    'added 12 packages: jsonwebtoken@9.0.2, token-types@6.0.0',
    'Downloading https://files.pythonhosted.org/packages/ab/cd/passlib-1.7.4-py2.py3-none-any.whl',
    '#12 [stage-1 3/5] COPY --chown=node:node secrets.example.yaml ./',
    'PWD=/home/bob/project OLDPWD=/home/bob',
    'remote: Resolving deltas: 100% (3/3), completed with 3 local objects.',
    'WARN  auth: session cookie expired',
    'GET /oauth/token 200 12ms',
    'nextToken: eyJub3QiOiJhIHNlY3JldCJ9abcdef0123456789',
    'Authorization: required',
    'level=info msg="token refreshed" user=bob ttl=3600s',
    'key=value other=thing',
    'Keyboard: pass-through enabled',
    'sorted by key: name, then key: created_at',
    // Placeholders and references.
    'password: "********"',
    'PASSWORD=<password>',
    'DB_PASSWORD=${DB_PASSWORD}',
    'DB_PASSWORD=$DB_PASSWORD',
    'password: {{ .Values.password }}',
    'password: "{{ vault_password }}"',
    'token: ${{ secrets.GITHUB_TOKEN }}',
    'api_key: your_api_key_here',
    'API_KEY=xxxxxxxxxxxxxxxx',
    'password = "example"',
    'password: changeme',
    'https://user:${TOKEN}@example.com/',
    'https://user:<token>@example.com/',
    'mysql -u root -p app',
    'mysql -u root -p"$PASSWORD" app',
    'curl -u "$USER:$TOKEN" https://example.com',
    'curl -H "Authorization: Bearer $TOKEN" https://example.com',
    'docker login -u bob --password-stdin registry.example',
    "CREATE USER bob IDENTIFIED BY '<password>'",
    'passwordFile: /run/secrets/db-password',
    'secretName: db-credentials',
    'secretKeyRef:',
    // Code.
    'password = getPassword()',
    'token = os.environ["TOKEN"]',
    'const token = process.env.TOKEN;',
    'password = self.password',
    'password: string;',
    'token: Option<String>,',
    'def login(user: str, password: str) -> bool:',
    'connect(user=user, password=password)',
    'if password == "":',
    'if (typeof token === "string") {',
    'passwordLabel: "Password:", rememberLabel: "Remember me"',
    '"password": "Password"',
    '"invalidPassword": "The password is wrong."',
    '<label for="password">Password</label>',
    '<input type="password" name="password" id="password">',
    '<password>${env.PASSWORD}</password>',
    'tokenUrl: "https://example.com/oauth/token"',
    'password_min_length = 12345678',
    'Bad activity token: android.os.BinderProxy@2bd79ce',
    'AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0 com.example/.Main t761}}}',
    "const row = readFileSync('/etc/passwd', 'utf8')",
    "['password', 'passwd', 'users.*.credentials'],",
    'nid_key = self._lib.NID_aes_256_cbc',
    'private_key = ed25519.Ed25519PrivateKey.from_private_bytes(secret)',
    'Token: "#d8dee9",',
    'using RSA key SHA256:9f86d081884c7d659a2feaa0c55ad015',
    'echo "$TOKEN" | docker login -u bob --password-stdin',
  ])('%s', (line) => {
    expect(scrubbed(line)).toBe(line);
  });
});

describe('a rule for places', () => {
  const marks = PLACE_RULES.map(({ id }) => `[REDACTED:${id}]`);

  test.each(PLACE_RULES.map((rule) => [rule.id, rule] as const))(
    '%s matches no mark, in its own examples either',
    (_id, { examples }) => {
      for (const example of examples) {
        const masked = scrubbed(example);
        expect(scrubbed(masked)).toBe(masked);
      }
      for (const mark of marks)
        for (const line of [
          `password=${mark}`,
          `Authorization: Bearer ${mark}`,
          `a ${mark}: Value123 b`,
          `-p ${mark}`,
        ])
          expect(scrubbed(line)).toBe(line);
    },
  );

  test('tries each occurrence on a line: one that is none hides no later one', () => {
    expect(scrubbed(`password=$OLD password=${PASSWORD}`)).toBe(
      'password=$OLD password=[REDACTED:assigned-secret]',
    );
    expect(scrubbed(`token: none, secret: null, api_key: ${KEY}`)).not.toContain(KEY);
  });
});
