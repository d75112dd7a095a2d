// Made by scripts/generate-configuration.ts from protocol/*.schema.json. Do not edit.
import type { Manifest, Profile, Program, Settings } from './types.generated.ts';

interface Problem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}
/** Fills in defaults; `errors` holds the first problem after a refusal. */
interface Validator<T> {
  (value: unknown): value is T;
  errors?: readonly Problem[] | null;
}
export declare const settings: Validator<Settings>;
export declare const profile: Validator<Profile>;
export declare const manifest: Validator<Manifest>;
export declare const program: Validator<Program>;
export declare const profileName: Validator<string>;
