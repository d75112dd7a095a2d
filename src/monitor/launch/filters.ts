import { buildSeccompFilter, type SeccompFilter } from '../../posix/seccomp.ts';
import { driverFilter, type FilterGrants } from './filter.ts';

/** Compiled filters, one for each set of grants that a configuration ever had: few, since an admin writes them. */
export interface Filters {
  /** Throws PosixError where libseccomp refuses a rule. */
  of(grants: FilterGrants): SeccompFilter;
}

export function createFilters(): Filters {
  const compiled = new Map<string, SeccompFilter>();
  return {
    of(grants) {
      const { filter, allow, network, sockets } = grants;
      const key = JSON.stringify([filter, allow.toSorted(), network, sockets.toSorted()]);
      const known = compiled.get(key) ?? buildSeccompFilter(driverFilter(grants));
      compiled.set(key, known);
      return known;
    },
  };
}
