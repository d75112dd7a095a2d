import { longestIdBytes, readRequestId } from '../frame/request-id.ts';
import { type BuiltIn, builtInParams } from './built-in.ts';

const PARAMS = builtInParams(
  {
    id: {
      anyOf: [{ type: 'string', maxLength: longestIdBytes }, { type: 'integer' }, { type: 'null' }],
      description:
        'The id of the call, of the same type. Where several calls have it, all of them are cancelled.',
    },
  },
  ['id'],
);

/**
 * `rpc.cancel`: ends calls of its own connection, which has no need of a permit. It answers whether there was such a call; that
 * one's own reply says how it ended. It waits for no place among the calls, since those to be cancelled may have them all.
 */
export const cancelMethod: BuiltIn = {
  name: 'rpc.cancel',
  needsPermit: false,
  needsNoPlace: true,
  summary: 'Cancels a call of yours on the same connection.',
  params: PARAMS,
  answer({ params, session, early }) {
    const id = readRequestId(params['id'] ?? null);
    return { cancelled: id !== undefined && session.cancel(id, early) };
  },
};
