import { AWS_FIELDS, awsSetup } from "../../destinations/kinds/aws.ts";
import { bucketUrl } from "../../destinations/kinds/s3.ts";
import { polledKind } from "../kind.ts";
import { everySecondsField, eventTypeField, START_FIELD } from "./request-fields.ts";

export const S3_SOURCE = polledKind({
  family: "poll",
  title: "Amazon S3",
  summary:
    "Lists a bucket of Amazon S3, or of a service with its API, and emits an event for each new or changed object.",
  group: "storage",
  fields: {
    bucket: {
      type: "text",
      label: "Bucket",
      help: "Name of the bucket.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 63,
      pattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
      example: "acme-uploads",
    },
    prefix: {
      type: "text",
      label: "Prefix",
      help: "Only objects whose key starts with this prefix. A prefix keeps the list short: each poll reads up to 20,000 keys.",
      required: false,
      secret: false,
      maxLength: 1024,
      example: "incoming/",
    },
    suffix: {
      type: "text",
      label: "Suffix",
      help: "Only objects whose key ends with this suffix.",
      required: false,
      secret: false,
      maxLength: 256,
      example: ".csv",
    },
    ...AWS_FIELDS,
    content: {
      type: "boolean",
      label: "Read the content",
      help: "Turn on to emit the content of an object as the body of the event. It is decompressed according to its Content-Encoding. Objects that are larger than the limit are described as JSON.",
      required: false,
      secret: false,
      default: false,
    },
    maxObjectBytes: {
      type: "integer",
      label: "Largest object in bytes",
      help: "Largest object whose content is read.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 26_214_400,
      default: 1_048_576,
    },
    everySeconds: everySecondsField(60),
    start: START_FIELD,
    eventType: eventTypeField("s3.object"),
  },
  events: [
    {
      type: "{eventType}",
      description: "An object is new or was changed: its bucket, key, size, ETag and time as JSON, or its content.",
    },
  ],
  repeats: "dropped",
  setup: [
    ...awsSetup("s3:ListBucket and s3:GetObject"),
    "Enter the name of the bucket, and a prefix to read only one folder.",
  ],
  everyMs: ({ everySeconds }) => everySeconds * 1000,
  target: ({ prefix, ...config }) => `${bucketUrl(config)}/${prefix ?? ""}`,
});
