import { named } from '../named.ts';
import { prefixed } from '../prefixed.ts';
import type { Rule } from '../rule.ts';
import {
  anyHex,
  anyOf,
  base62,
  base64,
  base64url,
  dotted,
  hex,
  lower36,
  sequence,
  shaped,
  UUID,
} from '../shapes.ts';

/** Services and programs that build, test, check and deliver. */
export const CONTINUOUS_INTEGRATION_RULES: readonly Rule[] = [
  prefixed('circleci-token', 'CCIPAT_ CCIPRJ_', [base62(20, 30), '_', anyHex(40)]),
  named({ id: 'circleci-legacy-token', names: ['circleci', 'circle_token', 'circle_ci'], secret: hex(40) }),
  named({ id: 'travis-token', names: ['travis'], secret: base64url(20, 22) }),
  named({
    id: 'drone-token',
    names: ['droneci', 'drone_token', 'drone_secret', 'drone_rpc'],
    secret: anyOf(lower36(32), hex(32)),
  }),
  prefixed('buildkite-token', 'bkua_ bkaa_ bkat_ bkct_ bkrt_ bkpt_ bkpi_ bkps_', base62(20, 80)),
  named({ id: 'buildkite-agent-token', names: ['buildkite'], secret: anyOf(hex(50), hex(40)) }),
  named({ id: 'codecov-token', names: ['codecov'], secret: anyOf(lower36(32), UUID) }),
  named({ id: 'jenkins-token', names: ['jenkins'], secret: anyOf(sequence('11', hex(32)), hex(32), UUID) }),
  prefixed('teamcity-token', 'eyJ0eXAiOiAiVENWMiJ9.', dotted(40, 300)),
  prefixed('harness-key', 'pat. sat.', [base64url(22), '.', base62(24), '.', base62(20)]),
  named({
    id: 'appveyor-token',
    names: ['appveyor'],
    secret: anyOf(sequence('v2.', lower36(20)), lower36(20)),
  }),
  named({
    id: 'semaphore-token',
    names: ['semaphoreci', 'semaphore_token', 'semaphore_api'],
    secret: base64url(20, 64),
  }),
  named({ id: 'bitrise-token', names: ['bitrise'], secret: base64url(43, 90) }),
  named({ id: 'codemagic-token', names: ['codemagic'], secret: base64url(43) }),
  named({ id: 'appcenter-token', names: ['appcenter', 'app_center'], secret: hex(40) }),
  named({ id: 'expo-token', names: ['expo_token', 'expo_access'], secret: base64url(40) }),
  named({ id: 'codefresh-key', names: ['codefresh', 'cf_api_key'], secret: sequence(hex(24), '.', hex(32)) }),
  named({
    id: 'nx-cloud-token',
    names: ['nx_cloud'],
    secret: shaped('[A-Za-z0-9+/]{40,120}={0,2}', base64(64).example),
  }),
  named({ id: 'turborepo-token', names: ['turbo_token', 'turbo_remote'], secret: base62(24, 60) }),
  named({ id: 'cirrus-ci-token', names: ['cirrus_ci', 'cirrus_token'], secret: lower36(52) }),
  named({ id: 'buddy-token', names: ['buddy_token', 'buddyworks'], secret: anyOf(UUID, base62(40, 60)) }),
  named({ id: 'codeship-token', names: ['codeship'], secret: anyOf(UUID, hex(40)) }),
  named({ id: 'wercker-token', names: ['wercker'], secret: hex(64) }),
  named({ id: 'spacelift-secret', names: ['spacelift'], secret: hex(64) }),
  named({ id: 'env0-secret', names: ['env0_api', 'env0_secret'], secret: base64url(32, 80) }),
  prefixed('earthly-token', 'earthly_', base62(40, 120)),
  prefixed('depot-token', 'depot_project_ depot_org_ depot_user_', hex(40, 80)),
  named({ id: 'cypress-record-key', names: ['cypress_record'], secret: UUID }),
  named({
    id: 'percy-token',
    names: ['percy'],
    secret: anyOf(hex(64), sequence('web_', hex(64)), sequence('app_', hex(64))),
  }),
  prefixed('chromatic-token', 'chpt_', base62(12, 40)),
  named({
    id: 'saucelabs-key',
    names: ['sauce_access', 'saucelabs', 'sauce_labs', 'sauce_key'],
    secret: UUID,
  }),
  named({ id: 'browserstack-key', names: ['browserstack'], secret: base62(20) }),
  named({ id: 'lambdatest-key', names: ['lambdatest', 'lt_access_key'], secret: base62(50) }),
  named({ id: 'applitools-key', names: ['applitools'], secret: base62(40, 60) }),
  named({
    id: 'launchable-token',
    names: ['launchable'],
    secret: shaped('v1:[\\w.-]{1,40}/[\\w.-]{1,40}:[a-f0-9]{32,64}', `v1:org/work:${hex(40).example}`),
  }),
  named({
    id: 'codeclimate-token',
    names: ['codeclimate', 'cc_test_reporter'],
    secret: anyOf(hex(64), hex(40)),
  }),
];
