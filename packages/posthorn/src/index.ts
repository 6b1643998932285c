export { Posthorn } from "./embed/posthorn.ts";
export type { HostLog, HostLogFunction, PosthornOptions, Settings } from "./embed/start.ts";
export { PosthornPublisher, type PublisherOptions } from "./embed/publisher.ts";
export type { PublishOptions } from "./embed/messages.ts";
export type { CallOptions } from "./embed/call.ts";
export type * from "./embed/types.ts";
export type { HostTransaction, SendStatement } from "./embed/transaction.ts";
export { PosthornError, type PosthornErrorCode, ValidationError, type ValidationIssue } from "./lib/errors.ts";
