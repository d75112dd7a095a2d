import { count, list, nullable, object, printable, type ShapeOf, word } from './shape.ts';

/** Most changes of a configuration that a broker names; how many there are stands beside them. */
export const MAXIMUM_CHANGES = 32;
/** Longest name of one, in characters: as long as a policy's id may be. */
export const MAXIMUM_CHANGED_NAME = 128;

/** A policy by its id, or a setting by its name; numbers stand beside what is one. */
const configurationChange = {
  what: word('policy', 'setting'),
  name: printable(MAXIMUM_CHANGED_NAME),
  change: word('added', 'removed', 'changed'),
  before: nullable(count),
  now: nullable(count),
};
export type ConfigurationChange = ShapeOf<typeof configurationChange>;

export const configurationChanges = list(object(configurationChange), MAXIMUM_CHANGES);
