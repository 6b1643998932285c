import { Type } from "typebox";
import { nullable } from "../common.ts";
import { StatusCodeList } from "./status-codes.ts";

/** A field of any of these types. One schema rather than a union, so that an error names its location. */
const Scalar = Type.Unsafe<string | number | boolean | null>({
  type: ["string", "number", "boolean", "null"],
  maxLength: 256,
});

const Rule = Type.Object(
  {
    type: Type.Union([Type.Literal("json"), Type.Literal("text"), Type.Literal("contentType")], {
      description:
        "`json`: uses path, and one of exists, equals, notEquals. `text`: uses pattern, found. `contentType`: uses one of is, isNot.",
    }),
    path: Type.Optional(
      Type.String({ maxLength: 256, description: "JSONPath (RFC 9535) without filters, such as `$.result.ok`." }),
    ),
    exists: Type.Optional(Type.Boolean({ description: "Whether the path must have a value that is not null." })),
    equals: Type.Optional(Scalar),
    notEquals: Type.Optional(Scalar),
    pattern: Type.Optional(
      Type.String({ maxLength: 256, description: "Regular expression in RE2 syntax; `(?i)` ignores case." }),
    ),
    found: Type.Optional(
      Type.Boolean({ description: "Whether the pattern must be found (the default) or must not be found." }),
    ),
    is: Type.Optional(Type.String({ maxLength: 128, description: "Media type without parameters, or `text/*`." })),
    isNot: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { description: "One object for all types; each type uses its own fields." },
);

export const SuccessPolicyModel = Type.Object(
  {
    statusCodes: Type.Optional(nullable(StatusCodeList("Response codes that can be a success."))),
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
          { description: "Predefined rules for services that respond with 2xx even when they reject a message." },
        ),
      ),
    ),
    rules: Type.Optional(nullable(Type.Array(Rule, { maxItems: 10, description: "All rules must hold." }))),
    undecided: Type.Optional(
      nullable(
        Type.Union([Type.Literal("success"), Type.Literal("failure")], {
          description:
            "How to treat a response of more than 20,000 bytes when a rule needs its body; `failure` by default.",
        }),
      ),
    ),
  },
  { $id: "SuccessPolicy", description: "Which responses count as success.", additionalProperties: false },
);
