import { Type } from "typebox";
import { FLOW_KEY_KINDS } from "../../../domain/policy/flow-key.ts";
import { nullable } from "../common.ts";

const DAY = 86_400;

const key = {
  by: Type.Optional(
    nullable(
      Type.Union(
        FLOW_KEY_KINDS.map((kind) => Type.Literal(kind)),
        {
          description:
            "How deliveries are grouped: all together, by event type, by ordering key, or by a value of the payload.",
        },
      ),
    ),
  ),
  path: Type.Optional(
    nullable(
      Type.String({
        maxLength: 256,
        description: "With `by: payload`: path to the value, such as `customer.id`.",
      }),
    ),
  ),
};

export const DebouncePolicyModel = Type.Object(
  {
    waitSeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: DAY,
          description: "Quiet period after which the last message is sent; 0: no debouncing.",
        }),
      ),
    ),
    maxWaitSeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 7 * DAY,
          description: "The message is sent at the latest this long after the first one.",
        }),
      ),
    ),
    ...key,
  },
  {
    $id: "DebouncePolicy",
    description: "Debouncing: a newer message replaces an older one with the same key that is not due yet.",
  },
);

export const ThrottlePolicyModel = Type.Object(
  {
    limit: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 1_000_000, description: "Deliveries per window; 0: no throttling." }),
      ),
    ),
    windowSeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0.001,
          maximum: DAY,
          description: "Length of a window, which starts with its first delivery.",
        }),
      ),
    ),
    maxDelaySeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: DAY,
          description:
            "Deliveries above the limit wait for a window that starts within this time; otherwise they are canceled.",
        }),
      ),
    ),
    ...key,
  },
  {
    $id: "ThrottlePolicy",
    description: "Throttling: limits the number of deliveries with the same key in a time window.",
  },
);
