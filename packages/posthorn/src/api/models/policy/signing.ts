import { Type } from "typebox";
import { nullable } from "../common.ts";
import { SIGNATURE_STYLES } from "../../../domain/policy/signature-style.ts";

const HeaderName = Type.String({ maxLength: 256 });

export const SigningPolicyModel = Type.Object(
  {
    style: Type.Optional(
      nullable(
        Type.Union(
          SIGNATURE_STYLES.map((style) => Type.Literal(style)),
          {
            description:
              "Format of the signature. `standard`: Standard Webhooks. `http-signatures`: HTTP Message Signatures (RFC 9421) with a " +
              "Content-Digest. The others are the formats of the senders that they are named after.",
          },
        ),
      ),
    ),
    header: Type.Optional(
      nullable({ ...HeaderName, description: "Name of the signature header; empty for the name that the style has." }),
    ),
    timestampHeader: Type.Optional(
      nullable({
        ...HeaderName,
        description: "Name of the timestamp header of the style `slack`; empty for its own name.",
      }),
    ),
    standardHeaders: Type.Optional(
      nullable(
        Type.Boolean({ description: "Whether the Standard Webhooks headers are sent beside those of another style." }),
      ),
    ),
  },
  {
    $id: "SigningPolicy",
    description: "How deliveries are signed, for receivers that already verify the format of another sender.",
    additionalProperties: false,
  },
);
