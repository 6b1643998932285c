/** Sizes and numbers that the server accepts. */
import { parseInteger, parseSourceKinds } from "../parse.ts";
import { setting } from "../setting.ts";

export const limitSettings = {
  maxPayloadBytes: setting({
    name: "POSTHORN_MAX_PAYLOAD_BYTES",
    help: "Maximum payload size of a message in bytes. Larger payloads get 413.",
    default: "1048576",
    parse: (text) => parseInteger(text, { min: 1024, max: 64 * 1024 * 1024 }),
  }),
  maxInboundBytes: setting({
    name: "POSTHORN_MAX_INBOUND_BYTES",
    help: "Maximum body size of an inbound webhook in bytes. Larger bodies get 413.",
    default: "26214400",
    parse: (text) => parseInteger(text, { min: 1024, max: 67_108_864 }),
  }),
  maxBatchBytes: setting({
    name: "POSTHORN_MAX_BATCH_BYTES",
    help: "Maximum size of a batch request in bytes. Larger requests get 413.",
    default: "16777216",
    parse: (text) => parseInteger(text, { min: 65_536, max: 256 * 1024 * 1024 }),
  }),
  maxBacklog: setting({
    name: "POSTHORN_MAX_BACKLOG",
    help: "Maximum number of deliveries waiting to be sent. While there are more, publishing returns 429 for the applications with the most of them. 0: unlimited.",
    default: "0",
    parse: (text) => parseInteger(text, { min: 0, max: 1_000_000_000 }),
  }),
  sourceKinds: setting({
    name: "POSTHORN_SOURCE_KINDS",
    help: "Source kinds that may be created and read: `all`, or names separated by commas, such as schedule,http. Webhooks (webhook) are always allowed.",
    default: "all",
    parse: parseSourceKinds,
  }),
  sourceQuota: setting({
    name: "POSTHORN_SOURCE_QUOTA",
    help: "Maximum number of sources that Posthorn reads for one organisation. Webhook sources do not count.",
    default: "1000",
    parse: (text) => parseInteger(text, { min: 0, max: 1_000_000 }),
  }),
  maxWatches: setting({
    name: "POSTHORN_MAX_WATCHES",
    help: "Maximum number of watches of an organisation.",
    default: "1000",
    parse: (text) => parseInteger(text, { min: 0, max: 100_000 }),
  }),
  maxWatchKeys: setting({
    name: "POSTHORN_MAX_WATCH_KEYS",
    help: "Maximum number of keys, such as devices, of all watches of an organisation. A watch ignores new keys beyond it.",
    default: "100000",
    parse: (text) => parseInteger(text, { min: 1, max: 10_000_000 }),
  }),
} as const;
