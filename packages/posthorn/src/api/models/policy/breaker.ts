import { Type } from "typebox";
import { nullable } from "../common.ts";

const Seconds = (description: string) =>
  Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 86_400, description })));

export const BreakerPolicyModel = Type.Object(
  {
    enabled: Type.Optional(nullable(Type.Boolean())),
    failures: Type.Optional(
      nullable(
        Type.Integer({ minimum: 1, maximum: 1000, description: "Consecutive failures after which the circuit opens." }),
      ),
    ),
    windowSeconds: Seconds("Minimum time that the failures must span."),
    probeSeconds: Seconds("Time from opening to the first probe. It doubles after each failed probe."),
    maxProbeSeconds: Seconds("Longest time between probes."),
  },
  {
    $id: "BreakerPolicy",
    description:
      "When the circuit of a failing endpoint opens. While it is open, deliveries are on hold and don't use up retries.",
    additionalProperties: false,
  },
);
