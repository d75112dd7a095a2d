import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import {
  anyOf,
  base62,
  base64,
  base64url,
  hex,
  lower36,
  sequence,
  shaped,
  UUID,
  upper36,
} from '../shapes.ts';

/** The versions that Artifactory has written in front of encrypted passwords; behind them is base58. */
const ENCRYPTED_VERSIONS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'B'];

/** Registries of packages and of container images. */
export const PACKAGE_RULES: readonly Rule[] = [
  prefixed('npm-token', 'npm_', base62(36, 60)),
  named({
    id: 'npm-legacy-token',
    names: ['npm_token', 'npm_auth', 'npm_key', 'npm_secret', 'node_auth_token', '_authtoken'],
    secret: UUID,
  }),
  prefixed('pypi-token', 'pypi-Ag', base64url(50, 2_000)),
  prefixed('rubygems-key', 'rubygems_', hex(48)),
  prefixed('nuget-key', 'oy2', lower36(43)),
  {
    id: 'nuget-source-password',
    keywords: ['password"'],
    pattern:
      /<add\s{1,4}key=\\?"(?:ClearText)?Password\\?"\s{1,4}value=\\?"(?<secret>(?!%\w{1,64}%")[^"\\<>]{6,500})\\?"/dgi,
    examples: [`<add key="ClearTextPassword" value="${base62(12).example}" />`],
    counterExamples: ['<add key="ClearTextPassword" value="%PASSWORD%" />'],
  },
  prefixed('crates-io-token', 'cio', base62(32, 40)),
  prefixed('docker-personal-token', 'dckr_pat_', base64url(20, 80)),
  prefixed('docker-organization-token', 'dckr_oat_', base64url(20, 80)),
  prefixed('clojars-token', 'CLOJARS_ clojars_', base62(60)),
  prefixed('artifactory-key', 'AKCp', base62(60, 80)),
  {
    id: 'artifactory-legacy-credentials',
    keywords: ['akc', ...ENCRYPTED_VERSIONS.map((version) => `ap${version.toLowerCase()}`)],
    pattern: /(?<![^\s=:"'])(?:AKC|AP[0-9B])(?=[A-Za-z0-9]{0,40}[a-z])[A-Za-z0-9]{10,100}(?![^\s"',;}\]])/dg,
    examples: [
      `AKC${base62(20).example}`,
      ...ENCRYPTED_VERSIONS.map((version) => `AP${version}${base62(20).example}`),
    ],
    counterExamples: ['AKCONSTANT', 'APACHELICENSE2', 'AP2 and AP3'],
  },
  prefixed('artifactory-reference-token', 'cmVmd', base62(59)),
  named({
    id: 'jfrog-token',
    names: ['jfrog', 'artifactory', 'bintray', 'xray'],
    secret: anyOf(lower36(73), lower36(64), hex(40)),
  }),
  prefixed(
    'packagist-token',
    'packagist_',
    shaped('(?:ack|acs|out|uut|ort|rot)_[A-Za-z0-9]{30,120}', `uut_${hex(60).example}`),
  ),
  named({ id: 'packagist-legacy-token', names: ['packagist'], secret: base62(20) }),
  named({
    id: 'sonatype-token',
    names: ['ossrh', 'sonatype', 'maven_central', 'central_portal', 'nexus_pass'],
    secret: shaped('[A-Za-z0-9+/]{40,60}={0,2}', base64(44).example),
  }),
  named({
    id: 'gradle-publish-key',
    names: ['gradle_publish', 'publish_secret', 'publish_key'],
    secret: base62(32),
  }),
  named({ id: 'gradle-enterprise-key', names: ['gradle_enterprise', 'develocity'], secret: lower36(52, 60) }),
  named({ id: 'cocoapods-token', names: ['cocoapods_trunk', 'trunk_token'], secret: hex(32) }),
  named({ id: 'hex-pm-key', names: ['hex_api'], secret: hex(32) }),
  behind('anaconda-token', '/t/', sequence(lower36(2), '-', UUID)),
  named({
    id: 'anaconda-token-by-name',
    names: ['anaconda', 'conda_token'],
    secret: anyOf(sequence(lower36(2), '-', UUID), base64url(48, 200)),
  }),
  prefixed('prefix-dev-token', 'pfx_', base62(30, 60)),
  named({ id: 'cloudsmith-key', names: ['cloudsmith'], secret: hex(40) }),
  named({
    id: 'gemfury-token',
    names: ['gemfury', 'fury_auth', 'fury_token', 'fury_push'],
    secret: base62(20, 40),
  }),
  named({
    id: 'quay-token',
    names: ['quay_password', 'quay_token', 'quay_pass', 'quay_io', 'quay_robot'],
    secret: anyOf(upper36(64), base62(40)),
  }),
  named({ id: 'chocolatey-key', names: ['chocolatey', 'choco_api', 'choco_key'], secret: UUID }),
  named({ id: 'nuget-key-by-name', names: ['nuget'], secret: anyOf(UUID, lower36(46)) }),
  prefixed('open-vsx-token', 'ovsxat_ ovsxp_', base64url(30, 60)),
  prefixed('deno-token', 'ddp_ ddo_ ddw_', base62(36, 40)),
  prefixed('jsr-token', 'jsrd_ jsru_ jsrp_ jsrt_', base62(40, 80)),
  named({
    id: 'unity-serial',
    names: ['unity_serial'],
    secret: shaped('[A-Z0-9]{2}(?:-[A-Z0-9]{4}){5}', 'E3-4F7Q-9ZKT-2WXR-8M5C-J6VB'),
  }),
  named({
    id: 'library-registry-token',
    names: ['pubdev', 'opam_token', 'hackage', 'luarocks'],
    secret: base62(40, 64),
  }),
  named({
    id: 'harbor-secret',
    names: ['harbor_password', 'harbor_secret', 'harbor_robot'],
    secret: base62(32),
  }),
];
