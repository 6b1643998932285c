/** HTTP client under test. The Vitest project `undici` runs the tests a second time with the other one. */
export const CLIENT = process.env["POSTHORN_TEST_HTTP_CLIENT"] === "undici" ? "undici" : "builtin";

/** Timeout of requests that get a response: detects a hang, not a slow machine. */
export const HANG_MS = 60_000;
