import { Type } from "typebox";
import { nullable } from "../common.ts";

export const OrderPolicyModel = Type.Object(
  {
    by: Type.Optional(
      nullable(
        Type.Union([Type.Literal("none"), Type.Literal("endpoint"), Type.Literal("key")], {
          description: "`endpoint`: one delivery after the other. `key`: one after the other for each ordering key.",
        }),
      ),
    ),
    onFailure: Type.Optional(
      nullable(
        Type.Union([Type.Literal("block"), Type.Literal("skip"), Type.Literal("park")], {
          description:
            "What a failure does to those behind it: `block` makes them wait, `skip` lets them pass while it is tried again, `park` sets it aside until somebody asks for it.",
        }),
      ),
    ),
    maxBlockSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 90 * 86_400,
          description: "A message that blocked for so long is passed by; 0: never.",
        }),
      ),
    ),
  },
  { $id: "OrderPolicy", description: "Whether deliveries are made in the order of their messages." },
);
