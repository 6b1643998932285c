import { type TSchema, Type } from "typebox";
import { nullable, StringMap } from "./common.ts";
import { messageInFields } from "./message.ts";
import { taskFields } from "./task.ts";

const { application: _application, ...fields } = messageInFields;

export const BroadcastIn = Type.Object(
  {
    ...fields,
    applications: Type.Optional(
      nullable(
        Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
          minItems: 1,
          maxItems: 1000,
          description: "Ids or uids; all applications by default.",
        }),
      ),
    ),
    metadata: Type.Optional(nullable(StringMap)),
  },
  {
    $id: "BroadcastIn",
    description:
      "The message, and the applications that get it. `metadata`: only applications whose metadata has all of these entries.",
  },
);

export const BroadcastOut = Type.Object(taskFields, { $id: "BroadcastOut", description: "The background task." });

export const BROADCAST_MODELS: readonly TSchema[] = [BroadcastIn, BroadcastOut];
