import { Type } from "typebox";
import { PACING_KINDS } from "../../../domain/policy/pacing-key.ts";
import { nullable } from "../common.ts";

const DAY = 86_400;

const key = {
  by: Type.Optional(
    nullable(
      Type.Union(
        PACING_KINDS.map((kind) => Type.Literal(kind)),
        { description: "What goes together: everything, an event type, an ordering key, or a value of the payload." },
      ),
    ),
  ),
  path: Type.Optional(
    nullable(
      Type.String({
        maxLength: 256,
        description: "With `by: payload`: where the value stands, such as `customer.id`.",
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
          description: "Quiet time after which the last message goes out; 0: no debounce.",
        }),
      ),
    ),
    maxWaitSeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 7 * DAY,
          description: "It goes out so long after the first one at the latest.",
        }),
      ),
    ),
    ...key,
  },
  {
    $id: "DebouncePolicy",
    description: "A newer message takes the place of an older one of its key that was not due yet.",
  },
);

export const ThrottlePolicyModel = Type.Object(
  {
    limit: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 1_000_000, description: "Deliveries in a window; 0: no throttle." }),
      ),
    ),
    windowSeconds: Type.Optional(
      nullable(Type.Number({ minimum: 0.001, maximum: DAY, description: "A window begins with its first delivery." })),
    ),
    maxDelaySeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: DAY,
          description:
            "What is over the limit waits for a window that begins within this time; otherwise it is canceled.",
        }),
      ),
    ),
    ...key,
  },
  { $id: "ThrottlePolicy", description: "At most so many deliveries of one key in a window." },
);
