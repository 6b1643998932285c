/** Models of how deliveries to an endpoint stand, and of what can be done about it. */
import { type TSchema, Type } from "typebox";
import { FLOW_STATES } from "../../domain/endpoint/state.ts";
import { DateTime, nullable } from "./common.ts";

const State = Type.Union(FLOW_STATES.map((state) => Type.Literal(state)));
const Rate = nullable(Type.Number());

export const EndpointStateOut = Type.Object(
  {
    state: State,
    reason: nullable(
      Type.String({
        description:
          "Why it is disabled, such as `gone` when it answered 410; or `failures`, `asked_to_wait` (Retry-After, 429, 503), `failing_before_restart` of a breaker.",
      }),
    ),
    since: nullable(DateTime),
    pausedUntil: nullable(Type.String({ description: "Paused by hand until then. `never` when it must be resumed." })),
    nextProbeAt: nullable(
      Type.String({ format: "date-time", description: "When one attempt is made to see whether it is back." }),
    ),
    failing: nullable(
      Type.Object({
        since: DateTime,
        failures: Type.Integer(),
        disabledAt: nullable(
          Type.String({ format: "date-time", description: "When it is switched off if it goes on failing." }),
        ),
      }),
    ),
    certificateValidTo: nullable(
      Type.String({ format: "date-time", description: "Of the certificate that its receiver showed last." }),
    ),
    waiting: Type.Object({
      due: Type.Integer({ description: "Held, or waiting for their turn." }),
      later: Type.Integer({ description: "Retries, and what was put off." }),
      exact: Type.Boolean({ description: "False when there is more than was counted." }),
      oldestDue: nullable(DateTime),
      newestFirst: Type.Boolean(),
    }),
    blockers: Type.Array(
      Type.Object({
        msgId: Type.String(),
        orderingKey: nullable(Type.String({ description: "Null: the order is that of the whole endpoint." })),
        attempts: Type.Integer(),
        nextAttempt: DateTime,
        passAt: nullable(Type.String({ format: "date-time", description: "When those behind it pass it by." })),
        waiting: Type.Integer({ description: "How many wait for it; 1000 stands for more." }),
      }),
      { description: "Of an endpoint with an order: failed deliveries that others wait for, up to 20." },
    ),
    inFlight: Type.Integer(),
    concurrency: Type.Object({
      now: nullable(Type.Integer({ description: "What it gets for how it does. Null: nothing is known of it." })),
      max: Type.Integer(),
    }),
    rate: Type.Object({
      perSecond: Rate,
      easedTo: nullable(
        Type.Number({ description: "Attempts a second that it gets because it fails, or is on its way back." }),
      ),
    }),
    recentMs: nullable(Type.Integer({ description: "What its answers took lately." })),
  },
  {
    $id: "EndpointStateOut",
    description: "Whether deliveries to an endpoint are held and why, how fast they go, and how much waits.",
  },
);

export const EndpointPauseIn = Type.Object(
  {
    until: Type.Optional(nullable(Type.String({ format: "date-time", description: "Left out: until it is resumed." }))),
  },
  { $id: "EndpointPauseIn" },
);

export const EndpointUnblockIn = Type.Object(
  {
    orderingKey: Type.Optional(nullable(Type.String({ description: "Only what blocks this key." }))),
    msgId: Type.Optional(nullable(Type.String({ description: "Only this message." }))),
  },
  { $id: "EndpointUnblockIn", description: "What is to be passed by; everything that blocks when empty." },
);

export const EndpointEnableIn = Type.Object(
  {
    held: Type.Optional(
      Type.Union([Type.Literal("replay"), Type.Literal("newest"), Type.Literal("since"), Type.Literal("discard")], {
        default: "replay",
        description:
          "`replay`: what was held goes out, the oldest first; `newest`: the newest first; `since`: what was published from `since` on; `discard`: nothing.",
      }),
    ),
    since: Type.Optional(nullable(Type.String({ format: "date-time", description: "Of publishing; with `since`." }))),
  },
  { $id: "EndpointEnableIn", description: "What becomes of the deliveries that wait." },
);

export const STATE_MODELS: readonly TSchema[] = [
  EndpointStateOut,
  EndpointPauseIn,
  EndpointUnblockIn,
  EndpointEnableIn,
];
