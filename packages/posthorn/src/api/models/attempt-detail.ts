import { Type } from "typebox";
import { DateTime, nullable, ref } from "./common.ts";

const Header = Type.Object({
  name: Type.String(),
  value: nullable(Type.String({ description: "Null: it may be a secret and was not kept." })),
});

const Ms = (description: string) => nullable(Type.Number({ description: `${description} Milliseconds.` }));

export const SentBody = Type.Object(
  {
    text: Type.String(),
    encoding: Type.Union([Type.Literal("utf-8"), Type.Literal("base64")]),
    cut: Type.Boolean({ description: "Only its beginning is kept." }),
  },
  { $id: "SentBody", description: "A body as it was sent, where it is not that of the message." },
);

export const AttemptDetail = Type.Object(
  {
    sentence: nullable(Type.String({ description: "What went wrong and what to do about it. Null after a success." })),
    warnings: Type.Array(
      Type.Object({
        code: Type.String({ description: "`certificate_expires`, `success_doubtful` or `response_cut`." }),
        message: Type.String(),
      }),
    ),
    nextAttempt: nullable(DateTime),
    retryAfterMs: Ms("How long the endpoint asked to be left alone."),
    request: nullable(
      Type.Object(
        {
          method: Type.String(),
          url: Type.String(),
          headers: Type.Array(Header, { description: "In the order they were sent." }),
          bodyBytes: Type.Integer(),
        },
        { description: "Null: it failed before anything was sent." },
      ),
    ),
    change: nullable(
      Type.Object(
        {
          logs: nullable(Type.Array(Type.String(), { description: "What the transformation logged." })),
          cpuMs: Ms("Time of the processor that the transformation took."),
          body: nullable(ref(SentBody)),
        },
        { description: "How transformation and format changed the message. Null: it was sent as it was published." },
      ),
    ),
    response: nullable(
      Type.Object({
        headers: Type.Array(Header, { description: "As they came." }),
        headersCut: Type.Boolean({ description: "There were more, or longer, headers than are kept." }),
        truncated: Type.Boolean({ description: "The body is longer than what was read." }),
        bodyError: nullable(Type.String({ description: "Code of what ended the body early." })),
      }),
    ),
    timings: Type.Object({
      queueMs: Ms("Waiting for a free socket."),
      dnsMs: Ms("Name look-up."),
      connectMs: Ms("TCP, and a proxy."),
      tlsMs: Ms("TLS handshake."),
      firstByteMs: Ms("From the request written to the head of the answer."),
      bodyMs: Ms("The body of the answer."),
      totalMs: Ms("All of it."),
    }),
    connection: Type.Object({
      peer: nullable(Type.String({ description: "Address and port that was dialled." })),
      reused: Type.Boolean({ description: "Whether it had served another request before." }),
      tlsProtocol: nullable(Type.String()),
      certificateValidTo: nullable(DateTime),
    }),
  },
  {
    $id: "AttemptDetail",
    description: "What was sent and seen beside the fields of the attempt.",
    additionalProperties: true,
  },
);
