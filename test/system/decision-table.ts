/** Who calls, as setpriv(1) makes them. */
export interface Who {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** A call, what comes of it, and by which policies. */
export interface Decision {
  readonly who: Who;
  readonly params?: object;
  readonly permitted: boolean;
  /** Ids of the policies that decided; none: no policy permits it. */
  readonly by: readonly string[];
}

/** A method of its own for each thing that a policy can look at, and the policies about it; `ACTION` is its action. */
export interface Feature {
  readonly name: string;
  readonly policy: string;
  readonly marks?: string;
  readonly decisions: readonly Decision[];
}

export const ROOT: Who = { uid: 0, gid: 0, groups: [] };
/** The user `daemon` of every Debian, in its own group. */
export const DAEMON: Who = { uid: 1, gid: 1, groups: [] };
/** Nobody of the host's accounts. */
export const STRANGER: Who = { uid: 6_001, gid: 6_001, groups: [] };
export const MEMBER: Who = { uid: 6_002, gid: 6_002, groups: [6_100] };
/** The groups `adm` (4) and `tty` (5) of every Debian, among forty. */
export const FORTY: Who = {
  uid: 6_003,
  gid: 6_003,
  groups: [...Array.from({ length: 38 }, (_, at) => 7_000 + at), 4, 5],
};

const yes = (who: Who, params?: object): Decision => decision(who, true, ['p'], params);
const no = (who: Who, params?: object): Decision => decision(who, false, [], params);
const forbidden = (who: Who, params?: object): Decision => decision(who, false, ['f'], params);

function decision(who: Who, permitted: boolean, by: readonly string[], params?: object): Decision {
  return { who, permitted, by, ...(params === undefined ? {} : { params }) };
}

const permit = (principal: string, condition = ''): string =>
  `@id("p") permit(${principal}, action == ACTION, resource)${condition};`;
const forbid = (principal: string, condition = ''): string =>
  `@id("f") forbid(${principal}, action == ACTION, resource)${condition};`;
/** A permit for everybody that only its condition keeps from some. */
const when = (condition: string): string => permit('principal', ` when { ${condition} }`);
/** What holds for one, and does not for the other, of two params. */
const params = (name: string, condition: string, held: object, other: object): Feature => ({
  name,
  policy: when(condition),
  decisions: [yes(STRANGER, held), no(STRANGER, other), no(ROOT, other)],
});
/** What holds for every call, or for none: the condition and its contrary. */
const circumstance = (name: string, condition: string): readonly Feature[] => [
  { name, policy: when(condition), decisions: [yes(STRANGER), yes(ROOT)] },
  { name: `not-${name}`, policy: when(`!(${condition})`), decisions: [no(STRANGER), no(ROOT)] },
];

const callers: readonly Feature[] = [
  { name: 'nobody', policy: '', decisions: [no(ROOT), no(STRANGER), no(FORTY)] },
  { name: 'anyone', policy: permit('principal'), decisions: [yes(ROOT), yes(STRANGER), yes(FORTY)] },
  {
    name: 'uid',
    policy: permit('principal == Uid::"6001"'),
    decisions: [yes(STRANGER), no(MEMBER), no(ROOT)],
  },
  { name: 'uid-of-root', policy: permit('principal == Uid::"0"'), decisions: [yes(ROOT), no(STRANGER)] },
  {
    name: 'user',
    policy: permit('principal in User::"daemon"'),
    decisions: [yes(DAEMON), no(STRANGER), no(ROOT)],
  },
  { name: 'user-root', policy: permit('principal in User::"root"'), decisions: [yes(ROOT), no(DAEMON)] },
  { name: 'gid-own', policy: permit('principal in Gid::"6001"'), decisions: [yes(STRANGER), no(MEMBER)] },
  {
    name: 'gid-supplementary',
    policy: permit('principal in Gid::"6100"'),
    decisions: [yes(MEMBER), no(STRANGER), no(ROOT)],
  },
  {
    name: 'gid-first-of-forty',
    policy: permit('principal in Gid::"7000"'),
    decisions: [yes(FORTY), no(MEMBER)],
  },
  {
    name: 'gid-last-of-forty',
    policy: permit('principal in Gid::"7037"'),
    decisions: [yes(FORTY), no(ROOT)],
  },
  {
    name: 'group',
    policy: permit('principal in Group::"adm"'),
    decisions: [yes(FORTY), no(STRANGER), no(ROOT)],
  },
  { name: 'group-last', policy: permit('principal in Group::"tty"'), decisions: [yes(FORTY), no(DAEMON)] },
  {
    name: 'role-by-user',
    policy: permit('principal in Role::"keepers"'),
    decisions: [yes(DAEMON), no(STRANGER), no(ROOT)],
  },
  {
    name: 'role-by-group',
    policy: permit('principal in Role::"readers"'),
    decisions: [yes(FORTY), no(DAEMON)],
  },
  { name: 'role-of-nobody', policy: permit('principal in Role::"nobody"'), decisions: [no(ROOT), no(FORTY)] },
  {
    name: 'type-and-group',
    policy: permit('principal is Uid in Group::"adm"'),
    decisions: [yes(FORTY), no(ROOT)],
  },
  {
    name: 'unit-that-is-not',
    policy: permit('principal in Unit::"no-such.service"'),
    decisions: [no(ROOT), no(STRANGER)],
  },
  {
    name: 'user-unit-that-is-not',
    policy: permit('principal in UserUnit::"no-such.service"'),
    decisions: [no(ROOT)],
  },
  {
    name: 'forbid-uid',
    policy: permit('principal') + forbid('principal == Uid::"0"'),
    decisions: [forbidden(ROOT), yes(STRANGER)],
  },
  {
    name: 'forbid-group',
    policy: permit('principal') + forbid('principal in Group::"adm"'),
    decisions: [forbidden(FORTY), yes(ROOT)],
  },
  {
    name: 'forbid-role',
    policy: permit('principal') + forbid('principal in Role::"keepers"'),
    decisions: [forbidden(DAEMON), yes(FORTY)],
  },
  {
    name: 'forbid-all',
    policy: permit('principal') + forbid('principal'),
    decisions: [forbidden(ROOT), forbidden(STRANGER)],
  },
  {
    name: 'group-in-a-condition',
    policy: when('principal in Group::"adm"'),
    decisions: [yes(FORTY), no(ROOT)],
  },
  {
    name: 'groups-in-a-condition',
    policy: when('principal in [Group::"adm", Group::"tty"] || principal in User::"daemon"'),
    decisions: [yes(FORTY), yes(DAEMON), no(ROOT)],
  },
  {
    name: 'uid-in-a-condition',
    policy: when('principal == Uid::"6001"'),
    decisions: [yes(STRANGER), no(ROOT)],
  },
];

const targets: readonly Feature[] = [
  {
    name: 'driver-resource',
    policy: '@id("p") permit(principal == Uid::"6001", action == ACTION, resource in Driver::"table");',
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'method-resource',
    policy: '@id("p") permit(principal == Uid::"6001", action, resource == Method::"table.method-resource");',
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'tagged',
    marks: 'tags: [shown]',
    policy: '@id("p") permit(principal == Uid::"6001", action in Action::"tag:shown", resource);',
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'in-a-list',
    policy: '@id("p") permit(principal == Uid::"6001", action in [ACTION, Action::"rpc.status"], resource);',
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'destructive-by-name',
    marks: 'destructive: true',
    policy: permit('principal == Uid::"6001"'),
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'destructive-by-tag',
    marks: 'destructive: true, tags: [wipes]',
    policy: '@id("p") permit(principal == Uid::"6001", action in Action::"tag:wipes", resource);',
    decisions: [yes(STRANGER), no(ROOT)],
  },
  {
    name: 'destructive-by-driver',
    marks: 'destructive: true',
    policy: '@id("p") permit(principal == Uid::"6009", action in Action::"table", resource);',
    decisions: [no({ ...STRANGER, uid: 6_009 }), no(ROOT)],
  },
  {
    name: 'destructive-by-call',
    marks: 'destructive: true',
    policy: '@id("p") permit(principal == Uid::"6010", action in Action::"call", resource);',
    decisions: [no({ ...STRANGER, uid: 6_010 }), no(ROOT)],
  },
  {
    name: 'destructive-forbidden',
    marks: 'destructive: true',
    policy: permit('principal') + forbid('principal == Uid::"0"'),
    decisions: [yes(STRANGER), forbidden(ROOT)],
  },
  {
    name: 'marked-destructive',
    marks: 'destructive: true',
    policy: when('resource.destructive'),
    decisions: [yes(STRANGER)],
  },
  { name: 'not-marked-destructive', policy: when('resource.destructive'), decisions: [no(STRANGER)] },
  {
    name: 'marked-idempotent',
    marks: 'idempotent: true',
    policy: when('resource.idempotent'),
    decisions: [yes(STRANGER)],
  },
  { name: 'not-marked-idempotent', policy: when('resource.idempotent'), decisions: [no(STRANGER)] },
  {
    name: 'has-a-tag',
    marks: 'tags: [kept]',
    policy: when('resource.tags.contains("kept")'),
    decisions: [yes(STRANGER)],
  },
  { name: 'has-no-tag', policy: when('resource.tags.contains("kept")'), decisions: [no(STRANGER)] },
  { name: 'has-no-capability', policy: when('resource.capabilities.isEmpty()'), decisions: [yes(STRANGER)] },
  {
    name: 'wants-a-capability',
    policy: when('resource.capabilities.contains("CAP_NET_RAW")'),
    decisions: [no(STRANGER)],
  },
];

const values: readonly Feature[] = [
  params('text-equal', 'context.params has text && context.params.text == "a"', { text: 'a' }, { text: 'b' }),
  params(
    'text-unlike',
    'context.params has text && context.params.text != "a"',
    { text: 'b' },
    { text: 'a' },
  ),
  params(
    'text-like',
    'context.params has text && context.params.text like "/srv/*"',
    { text: '/srv/x' },
    { text: '/etc' },
  ),
  params('text-there', 'context.params has text', { text: '' }, {}),
  params('text-not-there', '!(context.params has text)', {}, { text: '' }),
  params('count-equal', 'context.params has count && context.params.count == 3', { count: 3 }, { count: 4 }),
  params('count-less', 'context.params has count && context.params.count < 3', { count: 2 }, { count: 3 }),
  params(
    'count-at-most',
    'context.params has count && context.params.count <= 3',
    { count: 3 },
    { count: 4 },
  ),
  params('count-more', 'context.params has count && context.params.count > 3', { count: 4 }, { count: 3 }),
  params(
    'count-at-least',
    'context.params has count && context.params.count >= 3',
    { count: 3 },
    { count: 2 },
  ),
  params(
    'count-sum',
    'context.params has count && context.params.count + 1 == 3',
    { count: 2 },
    { count: 3 },
  ),
  params(
    'count-difference',
    'context.params has count && context.params.count - 1 == 3',
    { count: 4 },
    { count: 3 },
  ),
  params(
    'count-product',
    'context.params has count && context.params.count * 2 == 6',
    { count: 3 },
    { count: 2 },
  ),
  params(
    'count-negative',
    'context.params has count && -context.params.count == 3',
    { count: -3 },
    { count: 3 },
  ),
  params('flag', 'context.params has flag && context.params.flag', { flag: true }, { flag: false }),
  params('flag-not', 'context.params has flag && !context.params.flag', { flag: false }, { flag: true }),
  params('ratio', 'context.params has ratio && context.params.ratio == "1.5"', { ratio: 1.5 }, { ratio: 1 }),
  params(
    'ratio-whole',
    'context.params has ratio && context.params.ratio == "2"',
    { ratio: 2 },
    { ratio: 2.5 },
  ),
  params(
    'list-has',
    'context.params has list && context.params.list.contains("a")',
    { list: ['b', 'a'] },
    { list: ['b'] },
  ),
  params(
    'list-has-all',
    'context.params has list && context.params.list.containsAll(["a", "b"])',
    { list: ['b', 'a'] },
    { list: ['a'] },
  ),
  params(
    'list-has-any',
    'context.params has list && context.params.list.containsAny(["a", "b"])',
    { list: ['b'] },
    { list: ['c'] },
  ),
  params(
    'list-empty',
    'context.params has list && context.params.list.isEmpty()',
    { list: [] },
    { list: ['c'] },
  ),
  params(
    'nested',
    'context.params has nested && context.params.nested has word && context.params.nested.word == "a"',
    { nested: { word: 'a' } },
    { nested: {} },
  ),
  params('null', 'context.params has nullable', { nullable: 'a' }, { nullable: null }),
  params(
    'if',
    'if context.params has text then context.params.text == "a" else context.params has count',
    { text: 'a' },
    { text: 'b', count: 1 },
  ),
  params(
    'or',
    '(context.params has text && context.params.text == "a") || context.params has count',
    { count: 1 },
    { text: 'b' },
  ),
  {
    name: 'unless',
    policy: permit('principal', ' unless { context.params has text }'),
    decisions: [yes(STRANGER), no(STRANGER, { text: '' })],
  },
  {
    name: 'two-clauses',
    policy: permit('principal', ' when { context.params has text } unless { context.params has count }'),
    decisions: [yes(STRANGER, { text: '' }), no(STRANGER, { text: '', count: 1 }), no(STRANGER)],
  },
  {
    name: 'forbid-params',
    policy:
      permit('principal') +
      forbid('principal', ' when { context.params has text && context.params.text == "x" }'),
    decisions: [yes(STRANGER), forbidden(STRANGER, { text: 'x' }), forbidden(ROOT, { text: 'x' })],
  },
  {
    name: 'permit-errs',
    policy: when('context.params has count && context.params.count * 9223372036854775807 > 1'),
    decisions: [yes(STRANGER, { count: 1 }), decision(STRANGER, false, ['p'], { count: 2 })],
  },
  {
    name: 'forbid-errs',
    policy:
      permit('principal') +
      forbid(
        'principal',
        ' when { context.params has count && context.params.count * 9223372036854775807 > 9223372036854775806 }',
      ),
    decisions: [yes(STRANGER), forbidden(STRANGER, { count: 1 }), forbidden(STRANGER, { count: 2 })],
  },
];

const circumstances: readonly Feature[] = [
  ...circumstance('hour', 'context.time.hour >= 0 && context.time.hour < 24'),
  ...circumstance('minute', 'context.time.minute >= 0 && context.time.minute < 60'),
  ...circumstance('weekday', 'context.time.weekday >= 1 && context.time.weekday <= 7'),
  ...circumstance('second', 'context.time.unix > 1700000000'),
  ...circumstance('no-container', '!(context has container)'),
  ...circumstance('network', 'context.isolation.network == "none"'),
  ...circumstance('launcher', 'context.isolation.launcher == "bubblewrap"'),
  ...circumstance('no-root', '!context.isolation.root'),
  ...circumstance('way', 'context.isolation.user_namespace || !context.isolation.user_namespace'),
  ...circumstance('no-capabilities', 'context.isolation.capabilities.isEmpty()'),
  ...circumstance('nothing-of-that-lacks', '!context.isolation.degraded.contains("no such thing")'),
  {
    name: 'trace',
    policy: when('context has trace && context.trace == "4bf92f3577b34da6a3ce929d0e0e4736"'),
    decisions: [
      yes(STRANGER, { _meta: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } }),
      no(STRANGER, { _meta: { traceparent: '00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } }),
      no(STRANGER),
    ],
  },
  {
    name: 'login',
    policy: when('context has login && context.login.uid == 4294967294'),
    decisions: [no(STRANGER), no(ROOT)],
  },
];

/** All forms of policies, and all that they can look at, each once permitting and once denying. */
export const FEATURES: readonly Feature[] = [...callers, ...targets, ...values, ...circumstances];
