import { type TSchema, Type } from "typebox";
import { DateTime, nullable } from "./common.ts";
import { taskFields } from "./task.ts";

const EncryptionKeyOut = Type.Object({
  id: Type.Integer({ description: "0: the key of values that earlier versions encrypted." }),
  state: Type.Union(
    (["announced", "sealing", "opening", "destroyed"] as const).map((state) => Type.Literal(state)),
    { description: "`sealing`: encrypts new values. `opening`: only decrypts existing values." },
  ),
  rootKey: Type.String({ description: "The root key that it is encrypted with." }),
  createdAt: DateTime,
  sealingSince: nullable(DateTime),
  destroyedAt: nullable(DateTime),
});

export const EncryptionOut = Type.Object(
  {
    rootKey: Type.String({ description: "Kind and ID of the root key of the node that handled the request." }),
    keys: Type.Array(EncryptionKeyOut),
    nodes: Type.Array(
      Type.Object({
        id: Type.Integer(),
        host: Type.String(),
        rootKey: Type.String(),
        sealing: Type.Integer({ description: "ID of the data key that it encrypts with." }),
      }),
    ),
  },
  { $id: "EncryptionOut", description: "Keys that encrypt secrets at rest. They are never returned themselves." },
);

export const EncryptionTaskOut = Type.Object(taskFields, {
  $id: "EncryptionTaskOut",
  description: "The background task.",
});

export const ENCRYPTION_MODELS: readonly TSchema[] = [EncryptionOut, EncryptionTaskOut];
