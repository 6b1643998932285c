import { Type } from "typebox";
import { FORMATS } from "../../../format/media-type.ts";
import { nullable } from "../common.ts";

export const FormatPolicyModel = Type.Object(
  {
    body: Type.Optional(
      nullable(
        Type.Union([Type.Literal("as-published"), ...FORMATS.map((format) => Type.Literal(format))], {
          description: "What bodies are made before they are signed and sent. `as-published`: they stay what they are.",
        }),
      ),
    ),
    xmlRoot: Type.Optional(
      nullable(
        Type.String({
          maxLength: 128,
          description: "Name of the outermost element of XML; empty: the only member of the body is it.",
        }),
      ),
    ),
  },
  {
    $id: "FormatPolicy",
    description: "The format of bodies. The message is stored and shown as it was published.",
    additionalProperties: false,
  },
);
