import { type TSchema, Type } from "typebox";
import { DateTime, nullable } from "./common.ts";

export const DeliveryPauseOut = Type.Object(
  {
    paused: Type.Boolean({ description: "Whether the server sends nothing. It still accepts messages." }),
    reason: nullable(
      Type.Literal("restore", { description: "The database was restored from a backup. `null`: not paused." }),
    ),
    since: nullable(DateTime),
    backupAt: nullable({
      ...DateTime,
      description: "Moment of the backup. Deliveries that were made after it are made again. `null`: not paused.",
    }),
  },
  { $id: "DeliveryPauseOut", description: "Whether the deliveries of the whole server are paused." },
);

export const DELIVERY_PAUSE_MODELS: readonly TSchema[] = [DeliveryPauseOut];
