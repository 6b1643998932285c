/** Activity of a source: when events arrive, and when it counts as inactive. */
import { Type } from "typebox";
import { SCALES } from "../../activity/profile.ts";
import { DateTime, literals, nullable } from "./common.ts";

const rule = {
  mode: Type.Union([Type.Literal("learned"), Type.Literal("fixed"), Type.Literal("off")], {
    description:
      "How Posthorn decides that the source is inactive: from its past activity, after a fixed time without events, or never.",
  }),
  inactiveAfterSeconds: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 60,
        maximum: 31_536_000,
        description: "With `fixed`: seconds without an event until the source counts as inactive.",
      }),
    ),
  ),
};

export const SourceActivityIn = Type.Object(rule, { $id: "SourceActivityIn" });

export const SourceActivityOut = Type.Object(
  {
    ...rule,
    state: Type.Union(
      ["off", "learning", "active", "inactive"].map((state) => Type.Literal(state)),
      {
        description:
          "`off`: not monitored. `learning`: too few events so far to tell. `active`: events arrive as usual. `inactive`: no events for longer than usual.",
      },
    ),
    lastReceivedAt: nullable(DateTime),
    inactiveAt: nullable(
      Type.String({ format: "date-time", description: "When the source becomes inactive if no event arrives." }),
    ),
    inactiveSince: nullable(DateTime),
    scale: nullable(literals(SCALES)),
    week: Type.Array(Type.Number(), {
      description:
        "Expected number of events in each of the 168 hours of a week, starting Monday 00:00 UTC. Empty while Posthorn is learning.",
    }),
  },
  { $id: "SourceActivityOut" },
);

export const SOURCE_ACTIVITY_MODELS = [SourceActivityIn, SourceActivityOut];
