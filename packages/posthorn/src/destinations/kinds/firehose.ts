import type { ConfigOf, Fields, ItemResult, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { AWS_FIELDS, awsFailure, awsItemFailure, awsJsonRequest, awsSetup, awsUrl, byPosition } from "./aws.ts";
import { jsonLine } from "./cloud-body.ts";
import { asObjects, asText, bodyObject, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";

const TITLE = "Amazon Data Firehose";
const MAX_RECORD_BYTES = 1_024_000;
const MAX_BATCH_BYTES = 4_194_304;

const FIELDS = {
  deliveryStreamName: {
    type: "text",
    label: "Firehose stream name",
    help: "Name of the Firehose stream with the source Direct PUT, from the Amazon Data Firehose console.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 64,
    pattern: "[A-Za-z0-9_.-]+",
    example: "events-to-s3",
  },
  format: {
    type: "choice",
    label: "Format",
    help: "jsonLines: each record is a line of JSON with id, eventType, timestamp and payload. raw: each record is the body of the message, without a line break after it.",
    required: true,
    secret: false,
    choices: ["jsonLines", "raw"],
    default: "jsonLines",
  },
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Puts records into a stream of Amazon Data Firehose. */
export const FIREHOSE = httpKind({
  family: "http",
  title: TITLE,
  summary:
    "Puts each event into an Amazon Data Firehose stream, which writes it to S3, Redshift, OpenSearch or another store.",
  group: "stream",
  fields: FIELDS,
  limits: { bodyBytes: MAX_RECORD_BYTES, batch: { items: 500, bytes: MAX_BATCH_BYTES, isAtomic: false } },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In the Amazon Data Firehose console, create a Firehose stream with the source Direct PUT and the destination of your choice.",
    ...awsSetup("firehose:PutRecordBatch"),
    "Enter the name of the Firehose stream.",
  ],

  target: (config) => `${awsUrl(config, "firehose")}/${config.deliveryStreamName}`,

  request(config, messages) {
    const records = messages.map((message) => recordOf(config, message));
    const problem = records.find((record) => "kind" in record);
    if (problem !== undefined) return problem as Refusal;
    const target = {
      service: "firehose",
      host: "firehose",
      target: "Firehose_20150804.PutRecordBatch",
      version: "1.1",
    } as const;
    return awsJsonRequest(config, target, { DeliveryStreamName: config.deliveryStreamName, Records: records });
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, awsFailure(TITLE, response));
    const results = asObjects(bodyObject(response)["RequestResponses"]).map((record): ItemResult => {
      const code = asText(record["ErrorCode"]);
      if (code !== "") return awsItemFailure(TITLE, code, asText(record["ErrorMessage"]));
      const reference = asText(record["RecordId"]);
      return reference === "" ? unreadable(TITLE, response) : { kind: "ok", reference: reference.slice(0, 200) };
    });
    return byPosition(messages, results, unreadable(TITLE, response));
  },
});

function recordOf({ format }: Config, message: KindMessage): Readonly<Record<string, string>> | Refusal {
  const data = format === "jsonLines" ? Buffer.from(jsonLine(message)) : Buffer.from(message.body);
  if (data.byteLength > MAX_RECORD_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts records of up to ${MAX_RECORD_BYTES} bytes, and this one has ${data.byteLength}. Send smaller messages.`,
    );
  }
  return { Data: data.toString("base64") };
}
