import { Type } from "typebox";
import { nullable, ref } from "./common.ts";
import { DOCUMENTED_AS } from "./kind-fields.ts";
import { messageInFields } from "./message.ts";

export const MAX_BATCH_MESSAGES = 1000;

export const MessageBatchItem = Type.Object(
  {
    ...messageInFields,
    app: Type.Optional(
      nullable(
        Type.String({
          minLength: 1,
          maxLength: 256,
          description: "Id or uid of the application. Required unless the path names one.",
        }),
      ),
    ),
    idempotencyKey: Type.Optional(
      nullable(
        Type.String({
          minLength: 1,
          maxLength: 256,
          description:
            "A message with a key that was already used is a duplicate. Works like the header of a single publish.",
        }),
      ),
    ),
  },
  { $id: "MessageBatchItem", description: "One message of a batch, with the fields of a single publish." },
);

export const MessageBatchIn = Type.Object(
  {
    messages: Type.Array(
      Type.Unsafe<unknown>({
        type: "object",
        description: "A MessageBatchItem. Each item is validated on its own.",
        [DOCUMENTED_AS]: ["MessageBatchItem"],
      }),
      {
        minItems: 1,
        maxItems: MAX_BATCH_MESSAGES,
      },
    ),
  },
  { $id: "MessageBatchIn" },
);

const BatchResultOut = Type.Object(
  {
    status: Type.Union([Type.Literal("created"), Type.Literal("duplicate"), Type.Literal("failed")], {
      description: "`duplicate`: a message with this eventId or idempotencyKey exists, and `id` is its id.",
    }),
    id: Type.Optional(Type.String()),
    eventId: Type.Optional(nullable(Type.String())),
    error: Type.Optional(
      Type.Object(
        {
          status: Type.Integer({ description: "The HTTP status that a single publish would have had." }),
          code: Type.String(),
          detail: Type.Unknown({ description: "As in the error of a single publish." }),
        },
        { description: "Why the message was refused." },
      ),
    ),
  },
  { $id: "BatchResultOut", description: "The result for one message." },
);

export const BatchOut = Type.Object(
  {
    created: Type.Integer(),
    duplicates: Type.Integer(),
    failed: Type.Integer(),
    data: Type.Array(ref(BatchResultOut), { description: "In the order of the messages." }),
  },
  { $id: "BatchOut" },
);

export const BATCH_MODELS = [MessageBatchItem, MessageBatchIn, BatchResultOut, BatchOut];
