import { Type } from "typebox";
import { nullable } from "../common.ts";
import { StatusCodeList } from "./status-codes.ts";

/** The type of a field that may be any of these, in a schema that names a mistake by its place. */
const Scalar = Type.Unsafe<string | number | boolean | null>({
  type: ["string", "number", "boolean", "null"],
  maxLength: 256,
});

const Rule = Type.Object(
  {
    type: Type.Union([Type.Literal("json"), Type.Literal("text"), Type.Literal("contentType")], {
      description:
        "`json`: path, and one of exists, equals, notEquals. `text`: pattern, found. `contentType`: one of is, isNot.",
    }),
    path: Type.Optional(
      Type.String({ maxLength: 256, description: "JSONPath (RFC 9535) without filters, such as `$.result.ok`." }),
    ),
    exists: Type.Optional(Type.Boolean({ description: "Whether there is a value that is not null." })),
    equals: Type.Optional(Scalar),
    notEquals: Type.Optional(Scalar),
    pattern: Type.Optional(
      Type.String({ maxLength: 256, description: "Regular expression in RE2 syntax; `(?i)` ignores case." }),
    ),
    found: Type.Optional(Type.Boolean({ description: "Whether it must be found (the default) or must not." })),
    is: Type.Optional(Type.String({ maxLength: 128, description: "Media type without parameters, or `text/*`." })),
    isNot: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { description: "One object for all types, of which each uses its own fields." },
);

export const SuccessPolicyModel = Type.Object(
  {
    statusCodes: Type.Optional(nullable(StatusCodeList("Answers that can be a success."))),
    preset: Type.Optional(
      nullable(
        Type.Union(
          [
            Type.Literal("none"),
            Type.Literal("teams"),
            Type.Literal("slack"),
            Type.Literal("graphql"),
            Type.Literal("json-rpc"),
            Type.Literal("no-html"),
          ],
          { description: "Rules for a kind of receiver that answers 2xx to what it did not take." },
        ),
      ),
    ),
    rules: Type.Optional(nullable(Type.Array(Rule, { maxItems: 10, description: "Every one must hold." }))),
    undecided: Type.Optional(
      nullable(
        Type.Union([Type.Literal("success"), Type.Literal("failure")], {
          description: "What an answer of more than 20,000 bytes is when a rule needs its body; `failure` if left out.",
        }),
      ),
    ),
  },
  { $id: "SuccessPolicy", description: "Which answers are a success." },
);
