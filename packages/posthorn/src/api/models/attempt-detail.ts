import { Type } from "typebox";
import { DateTime, nullable, payload, ref } from "./common.ts";

const Header = Type.Object({
  name: Type.String(),
  value: nullable(Type.String({ description: "Null: the value may be a secret and was not stored." })),
});

const Ms = (description: string) => nullable(Type.Number({ description: `${description} In milliseconds.` }));

export const SentBody = Type.Object(
  {
    text: payload("document", Type.String()),
    encoding: Type.Union([Type.Literal("utf-8"), Type.Literal("base64")]),
    cut: Type.Boolean({ description: "Only the beginning is stored." }),
  },
  { $id: "SentBody", description: "The body as it was sent, if it differs from the payload of the message." },
);

export const AttemptDetail = Type.Object(
  {
    sentence: payload(
      "text",
      nullable(Type.String({ description: "What went wrong and how to fix it. Null after a success." })),
    ),
    warnings: Type.Array(
      Type.Object({
        code: Type.String({ description: "`certificate_expires`, `success_doubtful` or `response_cut`." }),
        message: payload("text", Type.String()),
      }),
    ),
    nextAttempt: nullable(DateTime),
    retryAfterMs: Ms("How long the endpoint asked Posthorn to wait."),
    reference: nullable(
      Type.String({
        description:
          "The destination's ID of the message, such as an SQS message ID. Null if it has none, and for webhooks.",
      }),
    ),
    duplicate: Type.Boolean({
      description: "Whether the destination already had the message from an earlier attempt.",
    }),
    batch: nullable(
      Type.Object(
        {
          id: Type.String({ description: "The same for all messages of the request, and for each time it was sent." }),
          index: Type.Integer({ description: "Position of the message, from 0." }),
          size: Type.Integer({ description: "Messages in the request." }),
        },
        { description: "Null: the message was sent on its own." },
      ),
    ),
    request: nullable(
      Type.Object(
        {
          method: Type.String(),
          url: payload("url", Type.String()),
          headers: payload("headers", Type.Array(Header, { description: "In the order in which they were sent." })),
          bodyBytes: Type.Integer(),
        },
        { description: "Null: the attempt failed before anything was sent." },
      ),
    ),
    change: nullable(
      Type.Object(
        {
          logs: payload(
            "lines",
            nullable(Type.Array(Type.String(), { description: "Lines that the transformation logged." })),
          ),
          cpuMs: Ms("CPU time of the transformation."),
          body: nullable(ref(SentBody)),
        },
        { description: "How transformation and format changed the message. Null: it was sent as published." },
      ),
    ),
    response: nullable(
      Type.Object({
        headers: payload("headers", Type.Array(Header, { description: "In the order in which they were received." })),
        headersCut: Type.Boolean({ description: "Whether some headers were too many or too long to be stored." }),
        truncated: Type.Boolean({ description: "Whether the response body is longer than the part that was read." }),
        bodyError: nullable(Type.String({ description: "Error code, if the body ended early." })),
      }),
    ),
    timings: Type.Object({
      queueMs: Ms("Waiting for a free connection."),
      dnsMs: Ms("DNS lookup."),
      connectMs: Ms("TCP connect, including the proxy."),
      tlsMs: Ms("TLS handshake."),
      firstByteMs: Ms("From sending the request to receiving the response headers."),
      bodyMs: Ms("Receiving the response body."),
      totalMs: Ms("Total duration."),
    }),
    connection: Type.Object({
      peer: nullable(Type.String({ description: "Address and port that Posthorn connected to." })),
      reused: Type.Boolean({ description: "Whether the connection had served an earlier request." }),
      tlsProtocol: nullable(Type.String()),
      certificateValidTo: nullable(DateTime),
    }),
  },
  {
    $id: "AttemptDetail",
    description: "The request, response and timing of an attempt.",
    additionalProperties: true,
  },
);
