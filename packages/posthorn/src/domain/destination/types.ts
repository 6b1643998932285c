/** Destination types of the compatible API, and the kinds of endpoints that implement them. */
import { WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { invalid } from "../../lib/errors.ts";

/** A webhook that receives its messages in order. */
const FIFO_TYPE = "fifoEndpoint";

/** Destination kinds by their type in the compatible API. */
const KINDS: Readonly<Record<string, string>> = {
  [FIFO_TYPE]: WEBHOOK_KIND,
  pollingEndpoint: "polling",
  sqs: "sqs",
  sns: "sns",
  eventBridge: "eventBridge",
  amazonS3: "s3",
  googleCloudStorage: "googleCloudStorage",
  googleCloudPubSub: "googlePubSub",
  azureBlobStorage: "azureBlob",
  clickhouse: "clickhouse",
  postgres: "postgres",
  rabbitMq: "rabbitMq",
};
const TYPES: ReadonlyMap<string, string> = new Map(Object.entries(KINDS).map(([type, kind]) => [kind, type]));

/** What to use instead of types that Posthorn does not have. */
const ABSENT: Readonly<Record<string, string>> = {
  bigQuery: "Write to Google Cloud Storage (googleCloudStorage), and load its objects into BigQuery.",
  snowflake: "Write to Amazon S3 (amazonS3), and load its objects with Snowpipe.",
  redshift: "Write to Amazon S3 (amazonS3), and load its objects with COPY.",
  otelTracing: "Send webhooks (fifoEndpoint) to a collector that accepts them.",
};

/** Kind of a type. Throws a 422 for types that Posthorn does not have. */
export function kindOfType(type: string): string {
  if (Object.hasOwn(KINDS, type)) return KINDS[type]!;
  if (Object.hasOwn(ABSENT, type)) {
    throw invalid("type", `Posthorn has no destinations of the type "${type}". ${ABSENT[type]!}`);
  }
  throw invalid("type", `There is no destination type "${type}". Types: ${Object.keys(KINDS).join(", ")}.`);
}

/** Type of a kind; `null`: the compatible API has none. */
export function typeOfKind(kind: string): string | null {
  return TYPES.get(kind) ?? null;
}

/** Kinds of endpoints that are destinations, besides ordered webhooks. */
export const TYPED_KINDS: readonly string[] = [...TYPES.keys()].filter((kind) => kind !== WEBHOOK_KIND);
