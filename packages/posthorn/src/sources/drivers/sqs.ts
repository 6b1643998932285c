/** Reads a queue of Amazon SQS by long polling. */
import { awsFailure, awsItemFailure, awsJsonRequest } from "../../destinations/kinds/aws.ts";
import { asObject, asObjects, asText, bodyObject } from "../../destinations/kinds/cloud-result.ts";
import type { ListeningDriver, ListeningHost, SourceResponse } from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { SQS_SOURCE } from "../kinds/sqs.ts";
import { type BrokerMessage, eventOf, tooLarge } from "../listeners/event.ts";
import { sourceFailure } from "../listeners/failure.ts";

type Config = ConfigOf<(typeof SQS_SOURCE)["fields"]>;

const TITLE = "Amazon SQS";
const MAX_MESSAGES = 10;
const WAIT_SECONDS = 20;
/** Ten messages of 1 MiB with their attributes, as JSON in the worst case. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

export const SQS_DRIVER: ListeningDriver = {
  family: "listen",
  listen: async (host) => {
    const config = host.config as Config;
    let isConnected = false;
    // A failure of one receiver ends all.
    const end = new AbortController();
    const receive = async (): Promise<void> => {
      while (!host.signal.aborted && !end.signal.aborted) {
        // The first response comes at once, so that a failure is seen early.
        const messages = await receiveMessages(host, config, isConnected ? WAIT_SECONDS : 0);
        if (end.signal.aborted) return;
        if (!isConnected) host.connected();
        isConnected = true;
        if (messages.length > 0) await store(host, config, messages);
      }
    };
    try {
      await Promise.all(Array.from({ length: config.receivers }, receive));
    } finally {
      end.abort();
    }
  },
};

type Received = Readonly<Record<string, unknown>>;

async function store(host: ListeningHost, config: Config, received: readonly Received[]): Promise<void> {
  const messages = received.map((one) => messageOf(one, config));
  for (const message of messages) {
    if (message.body.byteLength <= host.maxBodyBytes) continue;
    const place = { topic: message.topic, reference: `message ID ${message.id ?? ""}` };
    await host.quarantine(tooLarge(place, message, host.maxBodyBytes));
  }
  const readable = messages.filter(({ body }) => body.byteLength <= host.maxBodyBytes);
  await host.emit(
    readable.map((message) => eventOf(config.eventType, message)),
    null,
  );
  const entries = received.map((one, index) => ({ Id: String(index), ReceiptHandle: asText(one["ReceiptHandle"]) }));
  const response = await call(host, config, "DeleteMessageBatch", { Entries: entries });
  // Messages that were not deleted are received again, and dropped by their ID.
  const [failed] = asObjects(response["Failed"]);
  if (failed !== undefined && failed["SenderFault"] === true) {
    throw sourceFailure(awsItemFailure(TITLE, asText(failed["Code"]), asText(failed["Message"])));
  }
}

async function receiveMessages(host: ListeningHost, config: Config, waitSeconds: number): Promise<readonly Received[]> {
  const { Messages: messages } = await call(host, config, "ReceiveMessage", {
    MaxNumberOfMessages: MAX_MESSAGES,
    WaitTimeSeconds: waitSeconds,
    AttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
    MessageAttributeNames: ["All"],
  });
  return asObjects(messages);
}

async function call(host: ListeningHost, config: Config, operation: string, body: object): Promise<Received> {
  const base = config.endpointUrl ?? new URL(config.queueUrl).origin;
  const target = { service: "sqs", host: "sqs", target: `AmazonSQS.${operation}`, version: "1.0" } as const;
  const {
    method,
    url,
    headers,
    auth,
    body: bytes,
  } = awsJsonRequest({ ...config, endpointUrl: base }, target, {
    QueueUrl: config.queueUrl,
    ...body,
  });
  const response = await host.sendSigned({
    method,
    url,
    headers,
    body: bytes,
    auth: auth!,
    maxResponseBytes: MAX_RESPONSE_BYTES,
  });
  if (response.status > 299) throw sourceFailure(awsFailure(TITLE, kindResponse(response)));
  return bodyObject(response);
}

/** The response in the form that destinations use. */
export function kindResponse({ status, headers, body }: SourceResponse) {
  return { status, headers: Object.fromEntries(headers), body };
}

function messageOf(received: Received, { queueUrl }: Config): BrokerMessage {
  const queue = new URL(queueUrl).pathname.split("/").at(-1)!;
  const id = asText(received["MessageId"]);
  const system = asObject(received["Attributes"]);
  const sent = Number(system["SentTimestamp"]);
  const headers = Object.entries(asObject(received["MessageAttributes"])).map(([name, attribute]) => {
    const { StringValue: text, BinaryValue: binary } = asObject(attribute);
    return [name, asText(text) || asText(binary)] as const;
  });
  const metadata: [string, string][] = [
    ["sqs-queue", queue],
    ["sqs-message-id", id],
  ];
  for (const [name, attribute] of [
    ["sqs-receive-count", "ApproximateReceiveCount"],
    ["sqs-message-group-id", "MessageGroupId"],
    ["sqs-sequence-number", "SequenceNumber"],
  ] as const) {
    const value = asText(system[attribute]);
    if (value !== "") metadata.push([name, value]);
  }
  return {
    id: id === "" ? null : id,
    body: Buffer.from(asText(received["Body"])),
    contentType: headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null,
    occurredAt: Number.isFinite(sent) && sent > 0 ? sent : null,
    metadata,
    headers,
    topic: queue,
  };
}
