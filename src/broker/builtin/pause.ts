import { type BuiltIn, NO_PARAMS } from './built-in.ts';

/** `rpc.pause`: no call of a driver is started until root ends the pause on the host (`driverctl resume`). */
export function pauseMethod(pause: (session: number) => Promise<string>): BuiltIn {
  return {
    name: 'rpc.pause',
    needsPermit: true,
    summary: 'Refuses all calls of drivers until root resumes on the host.',
    params: NO_PARAMS,
    async answer({ session }) {
      return { paused_since: await pause(session.number) };
    },
  };
}
