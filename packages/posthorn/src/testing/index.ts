/** `posthorn/testing`: Posthorn in the process of a unit test, without a port, a network or real time. */
export { TestPosthorn, type HookOptions, type TestPosthornOptions } from "./test-posthorn.ts";
export { Hook, type FailureOptions, type HookHandler, type WaitOptions } from "./hook.ts";
export type { ConnectionFailure } from "./network.ts";
export { ReceivedWebhook } from "./webhook.ts";
export { TestingError, type TestingErrorCode } from "./errors.ts";
export type { Duration } from "./duration.ts";
export { assertions, matchers, type MatcherResult, type PartialPayload, type PosthornMatchers } from "./matchers.ts";
export { mswHandlers, type MswHttp } from "./msw.ts";
