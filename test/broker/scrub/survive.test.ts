import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';

const scrubber = createScrubber(
  ['swordfish-and-chips', 'correct horse'].map((value, at) => ({
    name: `v${at}`,
    value: Buffer.from(value),
  })),
);

function survives(text: string): void {
  const stream = scrubber.stream();
  const scrubbed = Buffer.concat([stream.write(Buffer.from(text)), stream.end()]).toString('utf8');
  expect(scrubbed).toBe(text);
  expect(scrubber.text(text).text).toBe(text);
}

describe('digests and identifiers survive', () => {
  test.each([
    ['a commit', 'commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad'],
    ['a short commit', 'HEAD is now at 3b18e51 Fix the build'],
    ['a range of commits', '   dc540ac..a464bb8  main -> main'],
    ['a SHA-256 commit', 'tree 6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'],
    ['a UUID', 'request 0195a6b0-1111-7222-8333-444455556666 took 12 ms'],
    ['a UUID in JSON', '{"id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","name":"web"}'],
    ['an image digest', 'Digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['a sum', 'd41d8cd98f00b204e9800998ecf8427e  empty.txt'],
    [
      'a long sum',
      'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e  -',
    ],
    [
      'an integrity hash',
      '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
    ],
    ['a hash of go.sum', 'github.com/pkg/errors v0.9.1 h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4='],
    ['a hash of Cargo.lock', 'checksum = "3a30da5c5f2d5e72842e00bcb57657162cdabef0931f40e2deb9b4140440cecd"'],
    [
      'a hash of pip',
      '    --hash=sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 \\',
    ],
    ['a machine id', 'Machine ID: 7d0f4a0b0c3b4e5f9a1b2c3d4e5f6a7b'],
    ['a MAC and an IPv6 address', 'link/ether 02:42:ac:11:00:02 inet6 2001:db8:85a3::8a2e:370:7334/64'],
    ['a fingerprint', '256 SHA256:uNiVztksCsDhcc0u9e8BrrRAjrm9ucoFGRbFMMQZDJI root@host (ED25519)'],
    ['an entity tag', 'ETag: "686897696a7c876b7e"'],
    ['a trace', 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['a container id', 'f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2'],
    ['an ARN', 'arn:aws:iam::123456789012:role/deploy'],
    ['numbers', '4111 bytes, 1.7976931348623157e+308, 2026-11-20T20:13:43.123456789Z, 0xdeadbeef'],
  ])('%s', (_what, text) => survives(text));
});

describe('talk of secrets without one survives', () => {
  test.each([
    'Failed password for root from 10.0.0.1 port 22 ssh2',
    'Failed password for invalid user admin from 203.0.113.9 port 51022 ssh2',
    'Accepted publickey for deploy from 192.0.2.7 port 40022 ssh2: ED25519 SHA256:uNiVztksCsDhcc0u9e8BrrRAjrm9ucoFGRbFMMQZDJI',
    'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7 user=root',
    'sudo: a password is required',
    '[sudo] password for alice: ',
    'password: ',
    'Password:',
    'Enter passphrase (empty for no passphrase): ',
    "Enter passphrase for key '/home/alice/.ssh/id_ed25519': ",
    'Enter token:',
    'New password: \nRetype new password: \npasswd: password updated successfully',
    'passwd: Authentication token manipulation error',
    'ERROR: password authentication failed for user "app"',
    "Access denied for user 'app'@'localhost' (using password: YES)",
    "Access denied for user 'app'@'localhost' (using password: NO)",
    'The token has expired.',
    'invalid or expired token',
    'Syntax error: unexpected token } in JSON at position 42',
    'SyntaxError: Unexpected token \'<\', "<!DOCTYPE "... is not valid JSON',
    'error: expected one of `,` or `}`, found token `;`',
    'a secret of this kind is never shown',
    'secret/db-credentials configured',
    'the api key is missing',
    'authorization failed: no credentials',
    'Usage: login [--password-stdin] [--token FILE]',
    '  -p, --password string   Password',
    'max_tokens: 4096',
    'tokens: 128, completion_tokens: 12',
  ])('%s', (text) => survives(text));
});

describe('placeholders survive', () => {
  test.each([
    'password=********',
    'password: ****',
    'DB_PASSWORD=${DB_PASSWORD}',
    'DB_PASSWORD=$DB_PASSWORD',
    'token: ${{ secrets.GITHUB_TOKEN }}',
    'password: {{ vault_password }}',
    'password = <your-password>',
    'api_key: <API_KEY>',
    'TOKEN=%TOKEN%',
    'secret: null',
    '"password": null,',
    '"password": "",',
    'password = var.db_password',
    'password: [REDACTED]',
    'token=[REDACTED:github-token]',
    'Authorization: [REDACTED:authorization-header]',
    'Authorization: Bearer $TOKEN',
    'curl -u "$USER:$PASSWORD" https://example.com/',
    'postgres://user:$PASSWORD@db.example/app',
    'postgres://user:${PASSWORD}@db.example/app',
    'https://user@example.com:8443/path',
    'git@example.com:team/repository.git',
  ])('%s', (text) => survives(text));
});

describe('what is public survives', () => {
  const lines = Array.from(
    { length: 12 },
    (_, at) => `MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQG${at % 10}wJ`,
  );
  test.each([
    'CERTIFICATE',
    'PUBLIC KEY',
    'RSA PUBLIC KEY',
    'CERTIFICATE REQUEST',
    'X509 CRL',
    'PGP PUBLIC KEY BLOCK',
    'PGP SIGNATURE',
    'DH PARAMETERS',
  ])('a block of %s', (kind) => {
    survives(`before\n-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\nafter\n`);
    survives(`{"pem":"-----BEGIN ${kind}-----\\n${lines.join('\\n')}\\n-----END ${kind}-----\\n"}`);
  });

  test.each([
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS me@host',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDLxmpxFLAAYUrN6w4MmFbIWs9 deploy@ci',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT',
    'host.example,192.0.2.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS',
    'pk_test is the prefix of a publishable key',
  ])('%s', (text) => survives(text));
});

describe('what tools print survives', () => {
  test.each([
    [
      'npm',
      `npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory.
added 311 packages, and audited 312 packages in 9s

found 0 vulnerabilities
npm notice integrity: sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP==
npm error code E401
npm error Incorrect or missing password.
npm error A complete log of this run can be found in: /root/.npm/_logs/2026-11-20T20_13_43_123Z-debug-0.log
`,
    ],
    [
      'pip',
      `Collecting requests==2.32.3
  Downloading requests-2.32.3-py3-none-any.whl (64 kB)
     \u001b[90m\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u001b[0m \u001b[32m64.9/64.9 kB\u001b[0m \u001b[31m2.1 MB/s\u001b[0m eta \u001b[36m0:00:00\u001b[0m
Successfully installed certifi-2026.1.4 idna-3.10 requests-2.32.3 urllib3-2.2.3
WARNING: Running pip as the 'root' user can result in broken permissions
`,
    ],
    [
      'docker',
      `#7 [2/5] RUN apk add --no-cache openssl
#7 sha256:1f3e46996e2966e4faa5846e56e76e3748b7315e2ded61476c24403d592134f0 3.4MB / 3.4MB 0.4s done
#7 DONE 2.1s
Successfully built 7d0f4a0b0c3b
The push refers to repository [registry.example/team/app]
latest: digest: sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 size: 1570
CONTAINER ID   IMAGE     COMMAND                  CREATED         STATUS         PORTS                    NAMES
f2ca1bb6c7e9   redis:7   "docker-entrypoint.s\u2026"   2 minutes ago   Up 2 minutes   0.0.0.0:6379->6379/tcp   cache
WARNING! Your password will be stored unencrypted in /root/.docker/config.json.
Login Succeeded
`,
    ],
    [
      'git',
      `Cloning into 'app'...
remote: Enumerating objects: 1204, done.
Receiving objects: 100% (1204/1204), 312.40 KiB | 5.20 MiB/s, done.
From https://git.example/team/app
 * [new branch]      keys-and-tokens -> origin/keys-and-tokens
commit a464bb8422e330d8c36a55abf516177bd0621e2d (HEAD -> main)
Author: Alice Example <alice@example.com>
Date:   Sun Nov 22 04:13:10 2026 +0000

    Rotate the token, and say where the password is kept

index 3b18e51..f2ca1bb 100644
fatal: Authentication failed for 'https://git.example/team/app/'
`,
    ],
    [
      'cargo',
      `   Compiling proc-macro2 v1.0.86
   Compiling secrecy v0.8.0
error[E0308]: mismatched types
  --> src/token.rs:12:9
   |
12 |     let token: Token = lexer.next();
   |                -----   ^^^^^^^^^^^^ expected \`Token\`, found \`Option<Token>\`
test secret::tests::is_zeroed ... ok
test result: ok. 12 passed; 0 failed; 0 ignored; finished in 0.02s
`,
    ],
    [
      'kubectl',
      `NAME                                TYPE                                  DATA   AGE
default-token-abcde                 kubernetes.io/service-account-token   3      12d
registry-credentials                kubernetes.io/dockerconfigjson        1      12d
NAME                     READY   STATUS    RESTARTS   AGE
web-7d4b9c6f5b-x2x7k     1/1     Running   0          3h
Type:  Opaque
Data
====
password:  16 bytes
token:     1024 bytes
secret/registry-credentials created
Error from server (Forbidden): secrets is forbidden: User "dev" cannot list resource "secrets" in API group "" in the namespace "prod"
`,
    ],
    [
      'systemd',
      `Nov 22 04:13:10 host systemd[1]: Started driverd.service - driverd.
Nov 22 04:13:10 host systemd[1]: Starting systemd-ask-password-console.service - Dispatch Password Requests to Console...
Nov 22 04:13:11 host systemd-logind[611]: New session 12 of user alice.
Nov 22 04:13:12 host sshd[2041]: Connection closed by authenticating user root 203.0.113.9 port 51022 [preauth]
\u25cf driverd.service - driverd
     Loaded: loaded (/etc/systemd/system/driverd.service; enabled; preset: enabled)
     Active: active (running) since Sun 2026-11-22 04:13:10 UTC; 3min ago
 Invocation: 7d0f4a0b0c3b4e5f9a1b2c3d4e5f6a7b
   Main PID: 4711 (node)
`,
    ],
    [
      'a stack trace',
      `TypeError: Cannot read properties of undefined (reading 'token')
    at readToken (file:///srv/app/src/token.ts:12:9)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
Error: getaddrinfo ENOTFOUND secrets.example
`,
    ],
    [
      'source code',
      `export function login(user: string, password: string): Promise<Token> {
  const token = await exchange(user, password);
  if (token === undefined) throw new Error('no token');
  return { token: token.value, secret: undefined };
}
def connect(password=None, token=os.environ["TOKEN"]):
    return Client(password=password, api_key=self.api_key)
`,
    ],
  ])('%s', (_tool, text) => survives(text));
});
