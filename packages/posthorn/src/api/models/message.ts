import { Type } from "typebox";
import { ApplicationIn } from "./application.ts";
import { ChannelName, DateTime, listOf, Name, nullable, Payload, payload, ref, TagName, uidWithout } from "./common.ts";
import { AttemptDetail } from "./attempt-detail.ts";
import { Canceled } from "./delivery.ts";
import { endpointOutFields } from "./endpoint.ts";
import { TraceOut } from "./trace.ts";

/** Fields of a message in single and batch publish requests. */
export const messageInFields = {
  eventType: Name,
  eventId: Type.Optional(nullable(uidWithout("msg_"))),
  payload: Type.Optional(Payload),
  data: Type.Optional(Payload),
  channels: Type.Optional(nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10 }))),
  tags: Type.Optional(nullable(Type.Array(TagName, { maxItems: 5 }))),
  application: Type.Optional(nullable(ref(ApplicationIn))),
  deliverAt: Type.Optional(nullable(DateTime)),
  payloadRetentionPeriod: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 90, description: "In days." }))),
  payloadRetentionHours: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 2160 }))),
  orderingKey: Type.Optional(
    nullable(
      Type.String({
        minLength: 1,
        maxLength: 256,
        pattern: "^[^\\u0000]+$",
        description:
          "Messages with the same ordering key are delivered in order, to endpoints whose policy asks for it.",
      }),
    ),
  ),
  delaySeconds: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000,
        description: "Delays delivery by 1 second to 1 year, instead of `deliverAt`.",
      }),
    ),
  ),
  expiresAt: Type.Optional(
    nullable(
      Type.String({
        format: "date-time",
        description: "No attempt is made at or after this time; the delivery is then canceled as `expired`.",
      }),
    ),
  ),
  ttlSeconds: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000,
        description: "Time to live, instead of `expiresAt`, counted from when the first attempt is due.",
      }),
    ),
  ),
  transformationsParams: Type.Optional(
    nullable(
      Type.Object(
        {
          rawPayload: Type.Optional(nullable(Type.String({ description: "The body to send, instead of `payload`." }))),
          rawPayloadEncoding: Type.Optional(
            Type.Union([Type.Literal("utf-8"), Type.Literal("base64")], {
              description: "Encoding of `rawPayload`. Use `base64` for anything that is not text.",
            }),
          ),
          headers: Type.Optional(
            nullable(Type.Record(Type.String(), Type.String(), { description: "The `content-type` of the raw body." })),
          ),
        },
        { description: "Sends XML, forms, text or any other body unchanged." },
      ),
    ),
  ),
} as const;

export const MessageIn = Type.Object(messageInFields, {
  $id: "MessageIn",
  description: "`payload` (or `data`) is required unless `rawPayload` is given.",
});

export const messageOutFields = {
  id: Type.String(),
  eventId: nullable(Type.String()),
  eventType: payload("name", Type.String()),
  payload: payload("json", Payload),
  channels: nullable(Type.Array(Type.String())),
  tags: nullable(Type.Array(Type.String())),
  timestamp: DateTime,
  deliverAt: nullable(DateTime),
  expiresAt: nullable(DateTime),
  contentType: Type.String({ description: "Content type of the body that is sent." }),
  rawPayload: Type.Optional(
    payload(
      "document",
      Type.String({ description: "The body, if it is not a JSON object: as text, or in base64 if it is not text." }),
    ),
  ),
  rawPayloadEncoding: Type.Optional(Type.Union([Type.Literal("utf-8"), Type.Literal("base64")])),
  erasedAt: Type.Optional({
    ...DateTime,
    description: "When its content was erased at the request of the person. Absent: it was not.",
  }),
  trace: Type.Optional(ref(TraceOut)),
};

export const MessageOut = Type.Object(messageOutFields, {
  $id: "MessageOut",
  description: "An event as you published it.",
});

export const MessageList = listOf(MessageOut);

const statusFields = {
  status: Type.Integer({ description: "0 success, 1 pending, 2 fail, 3 sending (a retry is scheduled), 4 canceled." }),
  statusText: Type.String(),
  nextAttempt: Type.Optional(nullable(DateTime)),
  canceled: Type.Optional(Canceled),
};

export const CancelOut = Type.Object(
  { canceled: Type.Integer({ description: "Number of deliveries that were canceled." }) },
  { $id: "CancelOut" },
);

export const EndpointMessageOut = Type.Object(
  { ...messageOutFields, ...statusFields },
  { $id: "EndpointMessageOut", description: "A message and the status of its delivery to one endpoint." },
);

export const EndpointMessageList = listOf(EndpointMessageOut);

export const MessageEndpointOut = Type.Object(
  { ...endpointOutFields, ...statusFields },
  { $id: "MessageEndpointOut", description: "An endpoint and the status of one message's delivery to it." },
);

export const MessageEndpointList = listOf(MessageEndpointOut);

export const MessageAttemptOut = Type.Object(
  {
    id: Type.String(),
    url: payload("url", Type.String()),
    msgId: Type.String(),
    endpointId: Type.String(),
    status: Type.Integer({ description: "0 success, 2 fail." }),
    statusText: Type.String(),
    triggerType: Type.Integer({ description: "0 scheduled, 1 manual." }),
    response: payload(
      "document",
      Type.String({ description: "Response body, up to 20,000 bytes. Without a response: why there was none." }),
    ),
    responseStatusCode: Type.Integer({ description: "0 when there was no response." }),
    responseDurationMs: Type.Integer(),
    errorCode: nullable(Type.String({ description: "Error class of the failure." })),
    timestamp: DateTime,
    msg: Type.Optional(ref(MessageOut)),
    detail: Type.Optional(nullable(ref(AttemptDetail))),
    trace: Type.Optional(ref(TraceOut)),
  },
  {
    $id: "MessageAttemptOut",
    description:
      "One attempt to deliver a message. `detail` is included when you get a single attempt, and null once its content was deleted.",
  },
);

export const MessageAttemptList = listOf(MessageAttemptOut);
