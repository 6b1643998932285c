import { Type } from "typebox";
import { FORMATS } from "../../../format/media-type.ts";
import { nullable } from "../common.ts";

export const FormatPolicyModel = Type.Object(
  {
    body: Type.Optional(
      nullable(
        Type.Union([Type.Literal("as-published"), ...FORMATS.map((format) => Type.Literal(format))], {
          description:
            "Format that bodies are converted to before they are signed and sent. `as-published`: no conversion.",
        }),
      ),
    ),
    xmlRoot: Type.Optional(
      nullable(
        Type.String({
          maxLength: 128,
          description:
            "Name of the root element of XML. When empty, the body must have a single member, whose name is used.",
        }),
      ),
    ),
  },
  {
    $id: "FormatPolicy",
    description: "Format of the request bodies. The message is stored and shown as published.",
    additionalProperties: false,
  },
);
