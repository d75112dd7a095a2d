import { checksumOf, hasChecksum } from '../checksum.ts';
import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import {
  anyHex,
  anyOf,
  base62,
  base64url,
  dotted,
  hex,
  lower36,
  sequence,
  shaped,
  upper36,
} from '../shapes.ts';

/** The second part is where the token is routed to, and a checksum. */
const GITLAB_BODY = sequence(base64url(20, 300), shaped('(?:\\.[0-9a-z]{2,3}[0-9a-z]{7})?', ''));
const GITLAB_TOKENS = {
  'personal-token': 'glpat-',
  'deploy-token': 'gldt-',
  'trigger-token': 'glptt-',
  'runner-token': 'glrt- glrtr-',
  'scim-token': 'glsoat-',
  'job-token': 'glcbt-',
  'feed-token': 'glft-',
  'mail-token': 'glimt-',
  'feature-flag-token': 'glffct-',
  'agent-token': 'glagent-',
  'application-secret': 'gloas-',
  'workspace-token': 'glwt-',
};

/** GitHub, GitLab, Bitbucket, and others that keep or search code. */
export const CODE_HOSTING_RULES: readonly Rule[] = [
  prefixed('github-personal-token', 'ghp_', base62(36, 255)),
  prefixed('github-oauth-token', 'gho_', base62(36, 255)),
  prefixed('github-user-token', 'ghu_', base62(36, 255)),
  prefixed('github-installation-token', 'ghs_', base62(36, 255)),
  prefixed('github-stateless-token', 'ghs_', [base62(1, 24), '_eyJ', dotted(20, 3_000)]),
  prefixed('github-refresh-token', 'ghr_', base62(36, 255)),
  prefixed(
    'github-fine-grained-token',
    'github_pat_',
    shaped('\\w{40,255}', `${base62(22).example}_${base62(59).example}`),
  ),
  {
    // Within other letters, where its looks alone could be chance.
    id: 'token-with-checksum',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'npm_'],
    pattern: /(?:gh[pousr]|npm)_[A-Za-z0-9]{36}/dg,
    isGenuine: hasChecksum,
    examples: ['ghp_', 'npm_'].map(
      (prefix) => `within${prefix}${base62(30).example}${checksumOf(base62(30).example)}`,
    ),
    counterExamples: [`withinghp_${base62(36).example}`],
  },
  named({
    id: 'github-secret-by-name',
    names: [
      'github_key',
      'github_secret',
      'github_token',
      'github_pass',
      'github_client_secret',
      'github_oauth',
      'github_pat',
      'github_api',
      'gh_token',
      'gh_pat',
      'gh_secret',
      'github_webhook',
      'github_app',
    ],
    secret: hex(40),
  }),
  named({ id: 'github-client-id', names: ['github_client', 'github_id', 'gh_client'], secret: hex(20) }),
  prefixed('github-application-id', 'Iv1. Iv23li Ov23li', base62(14, 16)),
  named({
    id: 'github-runner-token',
    names: ['runner_token', 'runner_registration', 'registration_token', 'runner_cfg'],
    secret: sequence('A', upper36(28)),
  }),
  ...Object.entries(GITLAB_TOKENS).map(([kind, prefixes]) =>
    prefixed(`gitlab-${kind}`, prefixes, GITLAB_BODY),
  ),
  prefixed('gitlab-registration-token', 'GR1348941', base64url(20, 60)),
  behind('gitlab-session', '_gitlab_session=', lower36(32)),
  behind('gitlab-url-token', 'feed_token= rss_token= incoming_email_token=', base64url(20, 64)),
  named({
    id: 'gitlab-secret-by-name',
    names: [
      'gitlab_token',
      'gitlab_private',
      'gitlab_pat',
      'gitlab_access',
      'gitlab_api',
      'gitlab_secret',
      'private_token',
      'ci_job_token',
      'job_token',
    ],
    secret: anyOf(hex(64), base64url(20)),
  }),
  prefixed('bitbucket-app-password', 'ATBB', base62(24, 40)),
  named({
    id: 'bitbucket-secret',
    names: ['bitbucket'],
    secret: anyOf(lower36(32), shaped('[a-z0-9=_-]{64}', base64url(64).example), base62(20)),
  }),
  named({ id: 'gitea-token', names: ['gitea', 'forgejo', 'codeberg', 'gogs_'], secret: hex(40) }),
  prefixed(
    'sourcegraph-token',
    'sgp_',
    shaped('(?:[a-fA-F0-9]{16}_|local_)?[a-zA-Z0-9]{40,80}', anyHex(40).example),
  ),
  prefixed('sourcegraph-service-token', 'sgd_ sgs_ sgph_ slk_', anyHex(40, 80)),
  named({ id: 'sourcegraph-token-by-name', names: ['sourcegraph', 'src_access'], secret: anyHex(40) }),
  prefixed('gitpod-token', 'gitpod_pat_', dotted(20, 200)),
  {
    id: 'git-url-token',
    keywords: ['@github.com', '@gitlab.com', '@bitbucket.org', '@codeberg.org', '@dev.azure.com'],
    pattern:
      /:\/\/(?<secret>[A-Za-z0-9_.=-]{20,255})(?::x-oauth-basic)?@(?:github|gitlab|bitbucket|codeberg|dev\.azure)\.(?:com|org)/dgi,
    examples: [`git+https://${base62(40).example}@github.com/a/b.git`],
    counterExamples: ['https://git@github.com/a/b.git'],
  },
  named({
    id: 'coder-token',
    names: ['coder_session', 'coder_token'],
    secret: sequence(base62(10), '-', base62(22)),
  }),
  named({
    id: 'phabricator-token',
    names: ['phabricator', 'phorge', 'conduit'],
    secret: anyOf(sequence('api-', lower36(28)), sequence('cli-', lower36(28))),
  }),
  named({ id: 'sourcehut-token', names: ['sourcehut', 'srht_'], secret: base64url(40, 200) }),
  prefixed('gitbook-token', 'gb_api_', base62(40, 60)),
  named({ id: 'azure-repos-token', names: ['repos_token', 'tfs_token'], secret: base62(52) }),
];
