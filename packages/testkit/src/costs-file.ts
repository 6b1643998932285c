/** Where the costs of test files are written. */

export const FILE = process.env["POSTHORN_TEST_COSTS"];

/** Contains the process ID of the PostgreSQL that all test files share, once it has started. */
export const POSTGRES_FILE = `${FILE ?? ""}.postgres`;
