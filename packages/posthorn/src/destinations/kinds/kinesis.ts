import type { ConfigOf, Fields, ItemResult, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { AWS_FIELDS, awsFailure, awsItemFailure, awsJsonRequest, awsSetup, awsUrl, byPosition } from "./aws.ts";
import { jsonLine } from "./cloud-body.ts";
import { asObjects, asText, bodyObject, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";

const TITLE = "Amazon Kinesis Data Streams";
/**
 * Of a record with its partition key, and of a request. Streams accept 1 MiB a record unless their limit was raised (API reference, `PutRecords`
 * and `UpdateMaxRecordSize`, read on 27 November 2026).
 */
const MAX_BYTES = 10_485_760;
const MAX_KEY = 256;

const FIELDS = {
  streamName: {
    type: "text",
    label: "Stream name",
    help: "Name of the data stream, from the Kinesis console.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 128,
    pattern: "[A-Za-z0-9_.-]+",
    example: "events",
  },
  format: {
    type: "choice",
    label: "Format",
    help: "raw: each record is the body of the message. json: each record is a JSON object with id, eventType, timestamp and payload.",
    required: true,
    secret: false,
    choices: ["raw", "json"],
    default: "raw",
  },
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Puts records into a data stream of Amazon Kinesis. */
export const KINESIS = httpKind({
  family: "http",
  title: TITLE,
  summary:
    "Puts each event into an Amazon Kinesis data stream. The ordering key, or else the message ID, is the partition key.",
  group: "stream",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 500, bytes: MAX_BYTES, isAtomic: false } },
  idempotency: "none",
  ordering: "key",
  setup: [
    "In the Kinesis console, create a data stream.",
    "Raise Maximum record size if your events are larger than 1 MiB with their partition key.",
    ...awsSetup("kinesis:PutRecords"),
    "Enter the name of the stream. Choose the format json if consumers need the message ID, for example to recognise repetitions.",
  ],

  target: (config) => `${awsUrl(config, "kinesis")}/${config.streamName}`,

  request(config, messages) {
    const records = messages.map((message) => recordOf(config, message));
    const problem = records.find((record) => "kind" in record);
    if (problem !== undefined) return problem as Refusal;
    const target = {
      service: "kinesis",
      host: "kinesis",
      target: "Kinesis_20131202.PutRecords",
      version: "1.1",
    } as const;
    return awsJsonRequest(config, target, { StreamName: config.streamName, Records: records });
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, awsFailure(TITLE, response));
    const results = asObjects(bodyObject(response)["Records"]).map((record): ItemResult => {
      const code = asText(record["ErrorCode"]);
      if (code !== "") return awsItemFailure(TITLE, code, asText(record["ErrorMessage"]));
      const [shard, number] = [asText(record["ShardId"]), asText(record["SequenceNumber"])];
      return number === "" ? unreadable(TITLE, response) : { kind: "ok", reference: `${shard}/${number}` };
    });
    return byPosition(messages, results, unreadable(TITLE, response));
  },
});

function recordOf({ format }: Config, message: KindMessage): Readonly<Record<string, string>> | Refusal {
  const data = format === "json" ? Buffer.from(jsonLine(message).trimEnd()) : Buffer.from(message.body);
  const key = (message.orderingKey ?? message.id).slice(0, MAX_KEY);
  const bytes = data.byteLength + Buffer.byteLength(key);
  if (bytes > MAX_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts records of up to ${MAX_BYTES} bytes, and this one has ${bytes} with its partition key. Send smaller messages.`,
    );
  }
  return { Data: data.toString("base64"), PartitionKey: key };
}
