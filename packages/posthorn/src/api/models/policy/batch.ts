import { Type } from "typebox";
import { nullable } from "../common.ts";

export const BatchPolicyModel = Type.Object(
  {
    maxItems: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: 10_000,
          description:
            "Maximum number of messages in a batch; 1: no batches. The limit of the destination kind applies as well.",
        }),
      ),
    ),
    maxBytes: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 67_108_864,
          description: "Maximum bytes of messages in a batch; 0: as many as the destination kind allows.",
        }),
      ),
    ),
    maxWaitSeconds: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          maximum: 86_400,
          description:
            "How long the first message of a batch waits for others; 0: only messages that are already due are combined.",
        }),
      ),
    ),
  },
  {
    $id: "BatchPolicy",
    description:
      "Batches: several messages in one request. Has no effect on webhooks and on destination kinds that accept one message at a time.",
  },
);
