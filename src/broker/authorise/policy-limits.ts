/** Size of one policy file, in UTF-8 bytes. */
export const POLICY_FILE_BYTES = 1_048_576;

/** Policies in all files together. */
export const POLICY_COUNT = 10_000;

/**
 * Policies in all slices together; one that applies to many methods counts once for each distinct slice. Cedar takes
 * some 20 µs and a few KiB for each.
 */
export const SLICED_POLICY_COUNT = 100_000;

/**
 * Tokens, brackets within brackets, and `if`s in one policy, and the levels of its expression. Cedar's parser and
 * evaluator are recursive and have no limit of their own: 300 brackets, 1,000 nested `if`s, or 1,000 additions in one
 * chain overflow the WebAssembly stack, after which the module answers no call at all (seen with 4.13.0). These
 * limits stay well below.
 */
export const POLICY_TOKENS = 4096;
export const POLICY_BRACKET_DEPTH = 32;
export const POLICY_IFS = 32;
export const POLICY_EXPRESSION_DEPTH = 512;

/** Length of a policy's id: a decision's record holds printable strings of at most this many bytes. */
export const POLICY_ID_LENGTH = 128;

/** Length of a policy's hint, in UTF-16 units. */
export const POLICY_HINT_LENGTH = 256;

/** Identities whose decisions are remembered, and methods for each of them. */
export const CACHED_IDENTITIES = 128;
export const CACHED_METHODS = 256;

/** Longest method name that can exist: driver (32), a dot, name (32). Longer ones are not worth remembering. */
export const METHOD_NAME_LENGTH = 65;

/**
 * Nesting of params that are shown to a policy. Cedar's JSON reader stops at 128 levels, of which its request takes a
 * few; deeper params are denied.
 */
export const PARAMS_DEPTH = 100;

/** Nesting of a method's schema that policies are checked against, and schemas in it; what is beyond has no type. */
export const PARAMS_TYPE_DEPTH = 16;
export const PARAMS_TYPE_SIZE = 4096;
