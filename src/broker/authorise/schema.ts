import type { SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import { actionIds, BUILT_IN, type Catalogue, type PolicyMethod } from './catalogue.ts';
import type { RecordType, ValueType } from './params-type.ts';

type CedarSchema = SchemaJson<string>;
type Namespace = CedarSchema[string];
type CedarType = NonNullable<NonNullable<Namespace['commonTypes']>[string]>;
type Attributes = Record<string, CedarType & { required?: boolean }>;

const BOOLEAN: CedarType = { type: 'Boolean' };
const LONG: CedarType = { type: 'Long' };
const STRING: CedarType = { type: 'String' };
const STRINGS: CedarType = { type: 'Set', element: STRING };

/** What the principal can be or lie in; names in policies are judged in literals.ts. */
const GROUPS_OF_PRINCIPAL = ['User', 'Group', 'Gid', 'Unit', 'UserUnit', 'Role'];

/** What every call's context has beside its params; circumstances.ts makes it. */
const CIRCUMSTANCES: Attributes = {
  time: record({ unix: LONG, hour: LONG, minute: LONG, weekday: LONG }),
  trace: { ...STRING, required: false },
  login: { ...record({ uid: LONG, session: { ...LONG, required: false } }), required: false },
  container: {
    ...record({ runtime: STRING, id: STRING, manager: STRING }),
    required: false,
  },
};

/** Only a driver's methods run anywhere. */
const ISOLATION: CedarType = record({
  launcher: STRING,
  network: STRING,
  root: BOOLEAN,
  user_namespace: BOOLEAN,
  capabilities: STRINGS,
  degraded: STRINGS,
});

function record(attributes: Attributes): CedarType {
  return { type: 'Record', attributes };
}

function cedarType(type: ValueType): CedarType {
  switch (type.kind) {
    case 'boolean':
      return BOOLEAN;
    case 'integer':
      return LONG;
    case 'string':
    case 'number':
      return STRING;
    case 'set':
      return { type: 'Set', element: cedarType(type.of) };
    case 'record':
      return cedarRecord(type);
  }
}

function cedarRecord({ members }: RecordType): CedarType {
  const attributes: Attributes = Object.create(null);
  for (const [name, { type, required }] of members) attributes[name] = { ...cedarType(type), required };
  return record(attributes);
}

function contextOf(method: PolicyMethod): CedarType {
  const params = cedarRecord(method.params);
  return record(
    method.driver === BUILT_IN
      ? { params, ...CIRCUMSTANCES }
      : { params, isolation: ISOLATION, ...CIRCUMSTANCES },
  );
}

/**
 * The schema that policies are checked against (https://docs.cedarpolicy.com/schema/json-schema.html): one action for
 * each method, whose context has the type of that method's params.
 */
export function cedarSchema(catalogue: Catalogue): CedarSchema {
  const actions: Namespace['actions'] = Object.create(null);
  for (const id of catalogue.actions) actions[id] = {};
  for (const method of catalogue.methods.values()) {
    const groups = actionIds(method).filter((id) => id !== method.name);
    actions[method.name] = {
      memberOf: groups.map((id) => ({ id })),
      appliesTo: { principalTypes: ['Uid'], resourceTypes: ['Method'], context: contextOf(method) },
    };
  }
  const method = record({ destructive: BOOLEAN, idempotent: BOOLEAN, tags: STRINGS, capabilities: STRINGS });
  const groups = Object.fromEntries(GROUPS_OF_PRINCIPAL.map((type) => [type, {}]));
  return {
    '': {
      entityTypes: {
        ...groups,
        Uid: { memberOfTypes: GROUPS_OF_PRINCIPAL },
        Driver: {},
        Method: { memberOfTypes: ['Driver'], shape: method },
      },
      actions,
    },
  };
}
