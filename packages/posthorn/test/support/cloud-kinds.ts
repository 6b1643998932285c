/** A valid configuration of each cloud kind, with secrets that are easy to find where they must not appear. */
import type { KindMessage, KindResponse } from "../../src/destinations/kind.ts";

export const NOW = Date.UTC(2026, 10, 27, 12, 34, 56, 789);

const AWS = {
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "aws-secret-key",
  roleArn: null,
  externalId: null,
  endpointUrl: null,
} as const;
/** Not a key: the tests of requests sign nothing. */
const SERVICE_ACCOUNT = JSON.stringify({
  type: "service_account",
  client_email: "sender@acme.iam.gserviceaccount.com",
  private_key: "-----BEGIN PRIVATE KEY-----\ngoogle-secret-key\n-----END PRIVATE KEY-----\n",
  token_uri: "https://oauth2.googleapis.com/token",
});
const GOOGLE = { credentials: SERVICE_ACCOUNT, endpointUrl: null } as const;
const NAMESPACE = {
  namespace: "acme.servicebus.windows.net",
  keyName: "posthorn",
  key: "azure-secret-key",
  endpointUrl: null,
} as const;
const ARCHIVE = { format: "jsonLines", key: "{year}/{month}/{day}/{hour}/{id}.jsonl" } as const;

export const CLOUD_CONFIGS = {
  sqs: { ...AWS, queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/events" },
  sns: { ...AWS, topicArn: "arn:aws:sns:eu-central-1:123456789012:events" },
  eventBridge: { ...AWS, eventBusName: "default", source: "posthorn", detailType: null },
  kinesis: { ...AWS, streamName: "events", format: "raw" },
  firehose: { ...AWS, deliveryStreamName: "events", format: "jsonLines" },
  s3: { ...AWS, ...ARCHIVE, bucket: "acme-archive" },
  googlePubSub: { ...GOOGLE, projectId: "acme-prod", topicId: "events" },
  googleCloudStorage: { ...GOOGLE, ...ARCHIVE, bucket: "acme-archive" },
  azureBlob: {
    ...ARCHIVE,
    account: "acmearchive",
    accessKey: Buffer.from("azure-secret-key").toString("base64"),
    container: "archive",
    endpointUrl: null,
  },
  serviceBus: { ...NAMESPACE, queue: "events" },
  eventHubs: { ...NAMESPACE, eventHub: "events" },
  eventGrid: {
    topicEndpoint: "https://events.westeurope-1.eventgrid.azure.net/api/events",
    accessKey: "azure-secret-key",
    source: "/posthorn",
  },
  clickhouse: {
    url: "https://abc.clickhouse.cloud:8443",
    username: "posthorn",
    password: "clickhouse-secret-key",
    database: "default",
    tableName: "events",
    row: "columns",
    columns: "id=id, eventType=event_type, createdAt=created_at, payload=payload",
  },
} as const;

export type CloudKindName = keyof typeof CLOUD_CONFIGS;

export function message(change: Partial<KindMessage> & { readonly text?: string } = {}): KindMessage {
  const { text = '{"amount": 1.0}', ...rest } = change;
  return {
    id: "msg_2abc",
    eventType: "invoice.paid",
    eventId: null,
    channels: [],
    orderingKey: null,
    createdAt: NOW,
    contentType: "application/json",
    body: Buffer.from(text),
    attributes: [
      ["webhook-id", "msg_2abc"],
      ["webhook-timestamp", "1795782896"],
      ["webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
    ],
    isTest: false,
    ...rest,
  };
}

export function response(
  status: number,
  body: string | object = "",
  headers: Readonly<Record<string, string>> = {},
): KindResponse {
  return { status, headers, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) };
}
