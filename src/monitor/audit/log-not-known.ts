/** Log and state folder do not belong together. Nothing begins anew by itself: an admin has to say so. */
export class LogNotKnown extends Error {
  override readonly name = 'LogNotKnown';

  constructor(why: string) {
    super(
      `${why}; \`driverctl audit reset\` has the next start keep the old files aside and begin a new chain`,
    );
  }
}
