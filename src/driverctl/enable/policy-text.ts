import type { Manifest } from '../../shared/configuration/types.generated.ts';
import { cedarString } from './principals.ts';

/** A method that the policy does not reach, and what would. */
export interface Uncovered {
  readonly method: string;
  readonly permits: readonly string[];
}

/** Cedar text that permits each principal all methods of a profile but the destructive ones. */
export function policyText(profile: string, principals: readonly string[]): string {
  return principals
    .map((principal) => `${permit(principal, `in Action::${cedarString(profile)}`)}\n`)
    .join('');
}

/** The destructive methods: the daemon counts a permit for one only where its scope names the method or a tag of it. */
export function uncoveredMethods(
  profile: string,
  methods: Manifest['methods'],
  principals: readonly string[],
): readonly Uncovered[] {
  if (principals.length === 0) return [];
  return Object.entries(methods)
    .filter(([, { destructive }]) => destructive)
    .map(([name]) => {
      const method = `${profile}.${name}`;
      const action = `== Action::${cedarString(method)}`;
      return { method, permits: principals.map((principal) => permit(principal, action)) };
    });
}

function permit(principal: string, action: string): string {
  return `permit(${principal}, action ${action}, resource);`;
}
