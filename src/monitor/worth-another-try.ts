/** A start that failed for no fault of an admin's: another try may succeed, for example on a host that is less busy. */
export class WorthAnotherTry extends Error {}
