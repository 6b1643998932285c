import { Type } from "typebox";
import { nullable } from "../common.ts";

export const OrderPolicyModel = Type.Object(
  {
    by: Type.Optional(
      nullable(
        Type.Union([Type.Literal("none"), Type.Literal("endpoint"), Type.Literal("key")], {
          description: "`endpoint`: one delivery at a time. `key`: one delivery at a time for each ordering key.",
        }),
      ),
    ),
    onFailure: Type.Optional(
      nullable(
        Type.Union([Type.Literal("block"), Type.Literal("skip"), Type.Literal("park")], {
          description:
            "What happens to later deliveries when one fails. `block`: they wait. `skip`: they continue while the failed one is retried. `park`: they continue, and the failed one is set aside until you resend it.",
        }),
      ),
    ),
    maxBlockSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 90 * 86_400,
          description: "After this time, later deliveries stop waiting for a blocking one; 0: never.",
        }),
      ),
    ),
  },
  {
    $id: "OrderPolicy",
    description: "Whether messages are delivered in order.",
    additionalProperties: false,
  },
);
