import { AWS_FIELDS, awsSetup } from "../../destinations/kinds/aws.ts";
import { listeningKind } from "../kind.ts";
import { messageTypeField } from "./broker-fields.ts";

export const SQS_SOURCE = listeningKind({
  family: "listen",
  title: "Amazon SQS",
  summary: "Receives the messages of an Amazon SQS queue, standard or FIFO, and emits an event for each.",
  group: "queue",
  fields: {
    queueUrl: {
      type: "url",
      label: "Queue URL",
      help: "URL of the queue, from its page in the SQS console under Details.",
      required: true,
      secret: false,
      isTarget: true,
      schemes: ["https:", "http:"],
      example: "https://sqs.eu-central-1.amazonaws.com/123456789012/orders",
    },
    ...AWS_FIELDS,
    receivers: {
      type: "integer",
      label: "Receivers",
      help: "Requests that wait for messages at the same time. Each receives up to 10 messages.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 10,
      default: 2,
    },
    eventType: messageTypeField("sqs.message", "queue"),
  },
  events: [{ type: "{eventType}", description: "A message of the queue: its exact body." }],
  repeats: "dropped",
  setup: [
    "In the SQS console, set the visibility timeout of the queue to at least 30 seconds.",
    ...awsSetup("sqs:ReceiveMessage and sqs:DeleteMessage"),
    "Copy the URL of the queue from its Details and enter it here.",
  ],
  packages: [],
  check({ queueUrl, region }) {
    const host = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(new URL(queueUrl).hostname);
    if (host !== null && host[1] !== region) {
      return { field: "region", problem: `The queue is in ${host[1]}, according to its URL. Enter this region.` };
    }
    return /^\/.*[^/]$/.test(new URL(queueUrl).pathname)
      ? null
      : { field: "queueUrl", problem: "The URL has no queue name. Copy it from the details of the queue." };
  },
  target: ({ queueUrl }) => queueUrl,
});
