/**
 * Whether this run has time for every seed and every combination: set by `npm run test:nightly`. Other runs take a fixed selection, so that a
 * failure is caused by a change.
 */
export const isNightly: boolean = process.env["POSTHORN_TEST_ALL_SEEDS"] === "1";
