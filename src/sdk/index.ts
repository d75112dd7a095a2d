export { declaredError } from './declared-error.ts';
export type { JsonObject, JsonValue } from './json-value.ts';
export { type Call, type Handler, type LogLevel, type Params, serve } from './serve.ts';
