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
              "Format of the signature. `standard`: Standard Webhooks. `http-signatures`: HTTP Message Signatures (RFC 9421) with a Content-Digest. The other values are the formats of the senders they are named after.",
          },
        ),
      ),
    ),
    header: Type.Optional(
      nullable({
        ...HeaderName,
        description: "Name of the signature header; when empty, the default name of the style.",
      }),
    ),
    timestampHeader: Type.Optional(
      nullable({
        ...HeaderName,
        description: "Name of the timestamp header of the style `slack`; when empty, its default name.",
      }),
    ),
    standardHeaders: Type.Optional(
      nullable(
        Type.Boolean({
          description: "Whether the Standard Webhooks headers are sent in addition to those of another style.",
        }),
      ),
    ),
  },
  {
    $id: "SigningPolicy",
    description: "How deliveries are signed, for receivers that already verify the format of another sender.",
    additionalProperties: false,
  },
);
