import { Type } from "typebox";
import type { Static } from "typebox";
import { createMessage as createVerb } from "../../domain/message/create.ts";
import { invalid } from "../../errors.ts";
import { applicationInput } from "../inputs.ts";
import { WithContentQuery } from "../models/common.ts";
import { MessageIn, MessageOut } from "../models/message.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageOut, toMs } from "../wire.ts";
import { contentOf } from "./content.ts";

const HOUR = 3_600_000;

export const createMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg",
  operationId: "v1.message.create",
  tag: "Message",
  summary: "Publish a message",
  description:
    "Answered with 202 once the message and the deliveries it is owed are on disk. Send an `idempotency-key` to make it safe to try again.",
  access: "organisation",
  idempotency: "own",
  query: Type.Object(WithContentQuery),
  body: MessageIn,
  responses: { 202: MessageOut },
  handle: async ({ ctx, params, query, body, rawBody, idempotency }) => {
    const input = {
      app: params.app_id,
      application: body.application ? applicationInput(body.application) : null,
      eventType: body.eventType,
      eventId: body.eventId ?? null,
      channels: body.channels ?? null,
      tags: body.tags ?? null,
      ...contentOf(body, rawBody),
      deliverAt: toMs(body.deliverAt),
      retentionMs: retentionOf(body),
      idempotency,
    };
    return accepted(messageOut(await createVerb({ ctx, input }), { withContent: query.with_content ?? true }));
  },
});

function retentionOf({ payloadRetentionPeriod, payloadRetentionHours }: Static<typeof MessageIn>): number | null {
  const days = payloadRetentionPeriod ?? null;
  const hours = payloadRetentionHours ?? null;
  if (days !== null && hours !== null) {
    throw invalid(["body", "__all__"], "Give payloadRetentionPeriod or payloadRetentionHours, not both.");
  }
  if (days !== null) return days * 24 * HOUR;
  return hours === null ? null : hours * HOUR;
}
