/** Receives webhooks: verifies requests, answers handshakes, drops duplicates, runs a typed handler and responds in time. */
export type { EventMap, EventOf, ReceivedEvent } from "./event.ts";
export {
  createReceiver,
  type ReceiveContext,
  type ReceiverFailure,
  type ReceiverOptions,
  type ReceiverSettings,
  type ValidatingReceiverOptions,
  type WebhookReceiver,
} from "./receiver.ts";
export { providerWebhooks } from "./provider-source.ts";
export type { WebhookReply } from "./reply.ts";
export type { EventSchemas, SchemaIssue, SchemaOutputs, StandardSchema } from "./schema.ts";
export type { SourceAction, SourceEvent, SourceResult, WebhookSource } from "./source.ts";
export { standardWebhooks, type StandardSourceOptions } from "./standard-source.ts";
export {
  type DeliveryStore,
  type IoredisClient,
  ioredisStore,
  memoryStore,
  type MemoryStoreOptions,
  type NodeRedisClient,
  redisStore,
} from "./store.ts";
