import type { ConfigOf, Fields, ItemResult, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { xmlText } from "../xml-text.ts";
import { AWS_FIELDS, awsAuth, awsFailure, awsItemFailure, awsSetup, awsUrl, regionOfArn } from "./aws.ts";
import { attributesOf, xmlSafeText } from "./cloud-body.ts";
import { bodyText, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";
import { attributeName, fifoGroup } from "./sqs.ts";

const TITLE = "Amazon SNS";
/** Of a message with its attributes, and of all messages of a request. */
const MAX_BYTES = 262_144;

const FIELDS = {
  topicArn: {
    type: "text",
    label: "Topic ARN",
    help: "ARN of the topic, from its page in the SNS console under Details. The name of a FIFO topic ends in .fifo.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 512,
    pattern: "arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\\.fifo)?",
    example: "arn:aws:sns:eu-central-1:123456789012:events",
  },
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Publishes messages to a topic of Amazon SNS. */
export const SNS = httpKind({
  family: "http",
  title: TITLE,
  summary: "Publishes each event to an Amazon SNS topic, standard or FIFO, which passes it to its subscribers.",
  group: "queue",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 10, bytes: MAX_BYTES, isAtomic: false } },
  idempotency: "none",
  ordering: "none",
  conditional: {
    appliesTo: "FIFO topics",
    idempotency: "key",
    ordering: "key",
    applies: ({ topicArn }) => topicArn.endsWith(".fifo"),
  },
  deduplication: "FIFO topics recognise a message ID for 5 minutes. Standard topics do not.",
  setup: [
    "In the SNS console, create a topic. For exactly-once delivery to SQS FIFO queues, or to keep the order, choose the type FIFO.",
    ...awsSetup("sns:Publish"),
    "Copy the ARN of the topic from its Details and enter it here.",
  ],

  check({ topicArn, region }) {
    const found = regionOfArn(topicArn);
    return found === region
      ? null
      : { field: "region", problem: `The topic is in ${found}, according to its ARN. Enter this region.` };
  },

  target: (config) => `${awsUrl(config, "sns")}/${config.topicArn}`,

  request(config, messages) {
    const form = new URLSearchParams({ Action: "PublishBatch", Version: "2010-03-31", TopicArn: config.topicArn });
    for (const [index, message] of messages.entries()) {
      const problem = addEntry(form, config, { message, index });
      if (problem !== null) return problem;
    }
    return {
      method: "POST",
      url: `${awsUrl(config, "sns")}/`,
      headers: ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
      secretHeaders: [],
      body: Buffer.from(form.toString()),
      auth: awsAuth(config, "sns"),
    };
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, awsFailure(TITLE, response));
    const results = new Map<string, ItemResult>();
    for (const [, member] of bodyText(response).matchAll(/<member>(.*?)<\/member>/gs)) {
      const id = xmlText(member!, "Id") ?? "";
      const reference = xmlText(member!, "MessageId");
      const code = xmlText(member!, "Code");
      if (code === null) results.set(id, { kind: "ok", reference });
      else {
        const status = xmlText(member!, "SenderFault") === "true" ? 400 : 500;
        results.set(id, awsItemFailure(TITLE, code, xmlText(member!, "Message") ?? "", status));
      }
    }
    return messages.map((_, index) => results.get(String(index)) ?? unreadable(TITLE, response));
  },
});

function addEntry(
  form: URLSearchParams,
  { topicArn }: Config,
  { message, index }: { readonly message: KindMessage; readonly index: number },
): Refusal | null {
  if (message.body.byteLength === 0) return refused("message_invalid", `${TITLE} accepts no message without a body.`);
  const { text, isBase64 } = xmlSafeText(message.body);
  const attributes = attributesOf(message, isBase64);
  const bytes = attributes.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + "String".length + Buffer.byteLength(value),
    Buffer.byteLength(text),
  );
  if (bytes > MAX_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts messages of up to ${MAX_BYTES} bytes, and this one has ${bytes} with its attributes${isBase64 ? " and in base64" : ""}.`,
    );
  }
  const entry = `PublishBatchRequestEntries.member.${index + 1}`;
  form.set(`${entry}.Id`, String(index));
  form.set(`${entry}.Message`, text);
  for (const [at, [name, value]] of attributes.entries()) {
    const attribute = `${entry}.MessageAttributes.entry.${at + 1}`;
    form.set(`${attribute}.Name`, attributeName(name));
    form.set(`${attribute}.Value.DataType`, "String");
    form.set(`${attribute}.Value.StringValue`, value);
  }
  if (topicArn.endsWith(".fifo")) {
    form.set(`${entry}.MessageGroupId`, fifoGroup(message));
    form.set(`${entry}.MessageDeduplicationId`, message.id);
  }
  return null;
}
