/** Models of the delivery state of an endpoint and the operations that change it. */
import { type TSchema, Type } from "typebox";
import { FLOW_STATES } from "../../domain/endpoint/state.ts";
import { DateTime, nullable, payload } from "./common.ts";

const State = Type.Union(FLOW_STATES.map((state) => Type.Literal(state)));
const Rate = nullable(Type.Number());

export const EndpointStateOut = Type.Object(
  {
    state: State,
    reason: nullable(
      Type.String({
        description:
          "Why the endpoint is disabled, such as `gone` after a 410 response; or why its circuit is open: `failures`, `asked_to_wait` (Retry-After, 429 or 503) or `failing_before_restart`. For `unavailable`, a sentence: what is missing on this server.",
      }),
    ),
    since: nullable(DateTime),
    pausedUntil: nullable(
      Type.String({ description: "End of a manual pause; `never` when the endpoint must be resumed." }),
    ),
    nextProbeAt: nullable(Type.String({ format: "date-time", description: "When the next probe is made." })),
    failing: nullable(
      Type.Object({
        since: DateTime,
        failures: Type.Integer(),
        disabledAt: nullable(
          Type.String({ format: "date-time", description: "When the endpoint will be disabled if it keeps failing." }),
        ),
      }),
    ),
    certificateValidTo: nullable(
      Type.String({ format: "date-time", description: "Expiry of the certificate that the receiver last presented." }),
    ),
    waiting: Type.Object({
      due: Type.Integer({ description: "Deliveries that are due, including those on hold." }),
      later: Type.Integer({ description: "Retries and deferred deliveries that are scheduled for later." }),
      exact: Type.Boolean({ description: "False when there are more deliveries than were counted." }),
      oldestDue: nullable(DateTime),
      newestFirst: Type.Boolean(),
    }),
    blockers: Type.Array(
      Type.Object({
        msgId: Type.String(),
        orderingKey: payload(
          "text",
          nullable(Type.String({ description: "Null: the endpoint delivers all its messages in order." })),
        ),
        attempts: Type.Integer(),
        nextAttempt: DateTime,
        passAt: nullable(
          Type.String({ format: "date-time", description: "When the deliveries behind it stop waiting for it." }),
        ),
        waiting: Type.Integer({ description: "Number of deliveries waiting for it; 1000 means 1000 or more." }),
      }),
      { description: "For endpoints with ordered delivery: failed deliveries that block others, up to 20." },
    ),
    inFlight: Type.Integer(),
    concurrency: Type.Object({
      now: nullable(Type.Integer({ description: "The adaptive limits of the endpoint. Null: not known yet." })),
      max: Type.Integer(),
    }),
    rate: Type.Object({
      perSecond: Rate,
      reducedPerSecond: nullable(
        Type.Number({ description: "Attempts per second allowed while the endpoint is failing or recovering." }),
      ),
    }),
    recentMs: nullable(Type.Integer({ description: "Recent response times." })),
  },
  {
    $id: "EndpointStateOut",
    description: "Whether deliveries to the endpoint are on hold and why, their rate, and the size of the queue.",
  },
);

export const EndpointPauseIn = Type.Object(
  {
    until: Type.Optional(
      nullable(Type.String({ format: "date-time", description: "By default until you resume it." })),
    ),
  },
  { $id: "EndpointPauseIn" },
);

export const EndpointUnblockIn = Type.Object(
  {
    orderingKey: Type.Optional(
      nullable(Type.String({ description: "Only the delivery that blocks this ordering key." })),
    ),
    msgId: Type.Optional(nullable(Type.String({ description: "Only this message." }))),
  },
  { $id: "EndpointUnblockIn", description: "Which failed deliveries to unblock; all blocking ones when empty." },
);

export const EndpointEnableIn = Type.Object(
  {
    held: Type.Optional(
      Type.Union([Type.Literal("replay"), Type.Literal("newest"), Type.Literal("since"), Type.Literal("discard")], {
        default: "replay",
        description:
          "`replay`: deliver everything on hold, oldest first. `newest`: newest first. `since`: only messages published at or after `since`. `discard`: nothing.",
      }),
    ),
    since: Type.Optional(
      nullable(Type.String({ format: "date-time", description: "Time of publishing; with `since`." })),
    ),
  },
  { $id: "EndpointEnableIn", description: "What to do with the deliveries on hold." },
);

export const STATE_MODELS: readonly TSchema[] = [
  EndpointStateOut,
  EndpointPauseIn,
  EndpointUnblockIn,
  EndpointEnableIn,
];
