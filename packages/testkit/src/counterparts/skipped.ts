/** Counterparts: the real brokers and services that destinations are tested with. */

/**
 * Names of counterparts, separated by commas, that cannot be installed on this machine. Their tests are skipped. A counterpart that is not
 * named is installed, and its tests fail if that is impossible.
 */
const VARIABLE = "POSTHORN_TEST_SKIP_COUNTERPARTS";

export function isSkipped(counterpart: string): boolean {
  return (process.env[VARIABLE] ?? "").split(",").some((name) => name.trim() === counterpart);
}

/** Explains how to continue without a counterpart that could not be installed. */
export function missing(counterpart: string, what: string): Error {
  return new Error(`${what} To run the other tests without it, set ${VARIABLE}=${counterpart}.`);
}
