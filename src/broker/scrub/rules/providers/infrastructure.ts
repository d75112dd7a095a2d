import { named } from '../named.ts';
import { behind, prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import { anyOf, base62, base64, base64url, dotted, hex, lower36, sequence, shaped, UUID } from '../shapes.ts';

/** What describes, runs and switches machines, containers and features. */
export const INFRASTRUCTURE_RULES: readonly Rule[] = [
  {
    id: 'terraform-cloud-token',
    keywords: ['.atlasv1.'],
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80}/dg,
    examples: [`${base62(14).example}.atlasv1.${base64url(67).example}`],
    counterExamples: ['a.atlasv1.b'],
  },
  named({
    id: 'hashicorp-cloud-secret',
    names: ['hcp_client', 'hcp_secret', 'hcp_api'],
    secret: base64url(64),
  }),
  named({
    id: 'terraform-password',
    names: ['administrator_login_password'],
    secret: shaped('[^\\s"\'`,;<>{}$*()\\[\\]]{8,64}', base62(16).example),
    allow: /^(?:var|local|data|module|random_password|each|self)\.|^[*x.]+$/i,
  }),
  prefixed('pulumi-token', 'pul-', hex(40)),
  prefixed('prefect-key', 'pnu_ pnb_', base62(36, 60)),
  named({
    id: 'launchdarkly-key',
    names: ['launchdarkly', 'launch_darkly', 'ld_api', 'ld_sdk', 'ld_access'],
    secret: anyOf(
      shaped('[A-Za-z0-9=_-]{40}', base64url(40).example),
      sequence('sdk-', UUID),
      sequence('api-', UUID),
      sequence('mob-', UUID),
    ),
  }),
  prefixed('launchdarkly-sdk-key', 'sdk- mob-', UUID),
  named({
    id: 'unleash-token',
    names: ['unleash'],
    secret: shaped(
      '[\\w*\\[\\]-]{1,40}:[\\w-]{1,40}\\.[a-f0-9]{40,70}',
      `default:development.${hex(56).example}`,
    ),
  }),
  named({ id: 'flagsmith-key', names: ['flagsmith'], secret: sequence('ser.', base62(20, 40)) }),
  prefixed('devcycle-key', 'dvc_server_ dvc_mobile_', shaped('[a-f0-9_]{20,80}', hex(36).example)),
  named({ id: 'statsig-key', names: ['statsig'], secret: sequence('secret-', base62(40, 60)) }),
  prefixed('infracost-key', 'ico-', base62(32)),
  prefixed('openshift-token', 'sha256~', base64url(43)),
  named({
    id: 'kubernetes-bootstrap-token',
    names: ['bootstrap_token', 'kubeadm_token', 'kubeadm_join', 'discovery_token'],
    secret: sequence(lower36(6), '.', lower36(16)),
  }),
  {
    id: 'kubeadm-token',
    keywords: ['kubeadm', '--token', 'token-id', 'bootstrap'],
    pattern:
      /(?:kubeadm join|--token[= ]|bootstrap)[^\n]{0,40}?(?<![A-Za-z0-9.])(?<secret>[a-z0-9]{6}\.[a-z0-9]{16})(?![A-Za-z0-9.])/dg,
    allow: /^[a-z]{6}\.[a-z]{16}$/,
    examples: [`kubeadm join 10.0.0.1:6443 --token ${lower36(6).example}.${lower36(16).example}`],
    counterExamples: ['kubeadm join', '--token none'],
  },
  named({ id: 'kubernetes-token-secret', names: ['token_secret', 'token_id_secret'], secret: lower36(16) }),
  behind(
    'kubernetes-client-key',
    'client-key-data:',
    shaped('\\s{1,4}[A-Za-z0-9+/]{60,8000}={0,2}', ` LS0tLS1CRUdJTi${base64(90).example}`),
  ),
  prefixed(
    'k3s-token',
    'K10',
    shaped('[a-f0-9]{64}::[\\w-]{1,40}:[A-Za-z0-9.]{10,80}', `${hex(64).example}::server:${hex(32).example}`),
  ),
  prefixed(
    'rancher-token',
    'token- kubeconfig-',
    shaped('[a-z0-9-]{5,40}:[a-z0-9]{54}', `${lower36(5).example}:${lower36(54).example}`),
  ),
  prefixed(
    'docker-swarm-token',
    'SWMTKN-1-',
    shaped('[a-z0-9]{40,60}-[a-z0-9]{20,30}', `${lower36(50).example}-${lower36(25).example}`),
  ),
  prefixed('docker-swarm-unlock-key', 'SWMKEY-1-', base64(40, 50)),
  prefixed('portainer-token', 'ptr_', shaped('[A-Za-z0-9+/]{43}=?', `${base64(43).example}=`)),
  named({
    id: 'proxy-token',
    names: ['traefik_hub', 'traefik_token', 'waypoint_token'],
    secret: anyOf(UUID, base64url(40, 200)),
  }),
  named({
    id: 'chef-token',
    names: ['chef_data_collector', 'chef_token', 'automate_token', 'puppet_token', 'x_authentication'],
    secret: anyOf(shaped('[A-Za-z0-9_-]{43,60}={0,2}', base64url(44).example), hex(64), hex(32)),
  }),
  named({
    id: 'ansible-token',
    names: ['ansible_galaxy', 'galaxy_token', 'galaxy_api', 'awx_token', 'tower_oauth', 'controller_oauth'],
    secret: anyOf(hex(40), base62(30)),
  }),
  named({
    id: 'airflow-key',
    names: ['fernet_key', 'airflow_secret'],
    secret: shaped('[A-Za-z0-9_-]{43}=', `${base64url(43).example}=`),
  }),
  named({
    id: 'dagster-token',
    names: ['dagster'],
    secret: anyOf(sequence('agent:', base62(32, 60)), sequence('user:', base62(32, 60)), base62(32, 64)),
  }),
  prefixed('temporal-key', 'tmprl_', dotted(30, 600)),
  prefixed('inngest-key', 'signkey-prod- signkey-test- signkey-branch- signkey-staging-', hex(32, 80)),
  prefixed('trigger-dev-key', 'tr_dev_ tr_prod_ tr_stg_ tr_pat_', base62(18, 60)),
  named({
    id: 'vmware-token',
    names: ['vsphere_token', 'vcloud_token', 'vcd_api', 'nsxt_'],
    secret: base64url(32, 80),
  }),
  named({ id: 'home-assistant-token', names: ['supervisor_token', 'hassio_token'], secret: hex(64, 128) }),
  named({
    id: 'deployment-token',
    names: ['cloud66', 'cloudbees', 'rundeck'],
    secret: anyOf(hex(64), base62(32)),
  }),
];
