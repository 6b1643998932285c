export { type HostLog, type HostLogFunction, Posthorn, type PosthornOptions, type Settings } from "./embed/posthorn.ts";
export { PosthornPublisher, type PublisherOptions } from "./embed/publisher.ts";
export type { PublishOptions } from "./embed/messages.ts";
export type { CallOptions } from "./embed/call.ts";
export type * from "./embed/types.ts";
export type { HostTransaction, SendStatement } from "./embed/transaction.ts";
export { PosthornError, type PosthornErrorCode, ValidationError, type ValidationIssue } from "./lib/errors.ts";
