import { Type } from "typebox";
import { VERIFICATION_MODES } from "../../../domain/policy/verification.ts";
import { nullable } from "../common.ts";

export const VerificationPolicyModel = Type.Object(
  {
    mode: Type.Optional(
      nullable(
        Type.Union(
          VERIFICATION_MODES.map((mode) => Type.Literal(mode)),
          {
            description:
              "How the endpoint proves that it wants deliveries. `off`: it need not. `as-created`: as POSTHORN_ENDPOINT_VERIFICATION said when it was made.",
          },
        ),
      ),
    ),
    unverifiedPerMinute: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 6000,
          description: "Deliveries a minute until it has proved it. 0: none, they are held.",
        }),
      ),
    ),
  },
  { $id: "VerificationPolicy", description: "Whether an endpoint must prove that it wants deliveries." },
);
