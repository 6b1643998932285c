/** Tools that write. Each has the parameter `dry_run`, which is true unless the caller says otherwise. */
import type { ToolDeclaration } from "../tool.ts";

const ENDPOINT_FIELDS = [
  "url",
  "description",
  "uid",
  "filterTypes",
  "channels",
  "disabled",
  "metadata",
  "throttleRate",
] as const;

export const WRITE_TOOLS: readonly ToolDeclaration[] = [
  {
    name: "replay_write",
    title: "Replay messages",
    description:
      "Sends past messages again, for example all that failed since an outage. A dry run counts the messages and endpoints without sending anything.",
    kind: "write",
    actions: {
      create: {
        operation: "v1.replay.create",
        summary: "Start a replay.",
        body: [
          "since",
          "until",
          "eventTypes",
          "channels",
          "tags",
          "statuses",
          "statusCodeClasses",
          "endpoints",
          "order",
          "ratePerSecond",
          "reason",
        ],
        preview: "v1.replay.dry-run",
      },
      pause: { operation: "v1.replay.pause", summary: "Pause it.", preview: "v1.replay.get" },
      resume: { operation: "v1.replay.resume", summary: "Continue it.", preview: "v1.replay.get" },
      cancel: { operation: "v1.replay.cancel", summary: "End it.", preview: "v1.replay.get" },
    },
  },
  {
    name: "resend_write",
    title: "Send a message again",
    description: "Sends one message to one endpoint again, regardless of earlier attempts.",
    kind: "write",
    actions: {
      resend: { operation: "v1.message-attempt.resend", summary: "Resend.", preview: "v1.endpoint.get-state" },
    },
  },
  {
    name: "endpoint_write",
    title: "Change endpoints",
    description:
      "Creates and changes endpoints, pauses and resumes them, and sends test events. Endpoints cannot be deleted and secrets cannot be read with this tool.",
    kind: "write",
    actions: {
      create: { operation: "v1.endpoint.create", summary: "Create an endpoint.", body: ENDPOINT_FIELDS },
      update: {
        operation: "v1.endpoint.patch",
        summary: "Change the given fields.",
        body: ENDPOINT_FIELDS,
        preview: "v1.endpoint.get",
      },
      pause: { operation: "v1.endpoint.pause", summary: "Hold its deliveries.", preview: "v1.endpoint.get-state" },
      resume: { operation: "v1.endpoint.resume", summary: "Continue after a pause.", preview: "v1.endpoint.get-state" },
      enable: {
        operation: "v1.endpoint.enable",
        summary: "Enable it after it was disabled automatically.",
        preview: "v1.endpoint.get-state",
      },
      test: {
        operation: "v1.endpoint.test",
        summary: "Send a test request.",
        body: ["eventType"],
        preview: "v1.endpoint.get-state",
      },
      send_example: {
        operation: "v1.endpoint.send-example",
        summary: "Send the example of an event type.",
        body: ["eventType"],
        preview: "v1.endpoint.get-state",
      },
    },
  },
  {
    name: "source_write",
    title: "Operate sources",
    description: "Pauses and resumes sources, polls them at once, and releases requests from quarantine.",
    kind: "write",
    actions: {
      pause: {
        operation: "v1.ingest.source.pause",
        summary: "Stop reading.",
        audience: "organisation",
        preview: "v1.ingest.source.get-state",
      },
      resume: {
        operation: "v1.ingest.source.resume",
        summary: "Continue reading.",
        audience: "organisation",
        preview: "v1.ingest.source.get-state",
      },
      poll: {
        operation: "v1.ingest.source.poll",
        summary: "Read now.",
        audience: "organisation",
        preview: "v1.ingest.source.get-state",
      },
      release: {
        operation: "v1.ingest.quarantine.release",
        summary: "Accept a request that failed verification.",
        audience: "organisation",
        preview: "v1.ingest.quarantine.get",
      },
    },
  },
  {
    name: "publish_write",
    title: "Publish a message",
    description: "Publishes a message to all matching endpoints of an application. Real endpoints receive it.",
    kind: "write",
    actions: {
      publish: {
        operation: "v1.message.create",
        summary: "Publish.",
        audience: "organisation",
        body: ["eventType", "payload", "eventId", "channels", "tags"],
        preview: "v1.application.get",
      },
    },
  },
];
