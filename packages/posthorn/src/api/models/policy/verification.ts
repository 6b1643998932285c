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
              "How endpoints are verified. `off`: not at all. `as-created`: as POSTHORN_ENDPOINT_VERIFICATION required when the endpoint was created.",
          },
        ),
      ),
    ),
    unverifiedPerMinute: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 6000,
          description: "Deliveries per minute before verification; 0: deliveries are on hold.",
        }),
      ),
    ),
  },
  { $id: "VerificationPolicy", description: "Whether endpoints must be verified before they get deliveries." },
);
