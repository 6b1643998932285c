import { Type } from "typebox";
import { nullable } from "../common.ts";

const Seconds = (description: string) =>
  Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 86_400, description })));

export const BreakerPolicyModel = Type.Object(
  {
    enabled: Type.Optional(nullable(Type.Boolean())),
    failures: Type.Optional(
      nullable(Type.Integer({ minimum: 1, maximum: 1000, description: "Failures in a row after which it opens." })),
    ),
    windowSeconds: Seconds("The failures must stretch over at least so long."),
    probeSeconds: Seconds("From opening to the first probe; doubled after each probe that fails."),
    maxProbeSeconds: Seconds("Longest wait for a probe."),
  },
  {
    $id: "BreakerPolicy",
    description: "When an endpoint that fails is left alone: its deliveries are held, and no attempt is used up.",
  },
);
