import { Type } from "typebox";
import { REDACTION_ACTIONS, type RedactionAction } from "../../redaction/rule.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

const MAX_KEEP_SECONDS = 90 * 86_400;

const rule = {
  path: nullable(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        "JSONPath (RFC 9535) of the values to redact, such as `$.customer.email` or `$..card.number`. Each step has one selector; `..` is allowed once, followed by a name. Bodies that are not JSON are redacted as a whole.",
      examples: ["$.customer.email"],
    }),
  ),
  pattern: nullable(
    Type.String({
      minLength: 1,
      maxLength: 1000,
      description:
        "Alternative to `path`: regular expression in RE2 syntax. Redacts matches in strings and property names, and numbers that match. In bodies that are not JSON, it redacts matches in the text.",
    }),
  ),
  action: Type.Unsafe<RedactionAction>({
    ...literals(REDACTION_ACTIONS),
    description:
      "`mask`: `[redacted]` replaces the value. `hash`: an HMAC with a key of the organisation replaces it, so that equal values stay equal.",
  }),
  eventTypes: nullable(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      minItems: 1,
      maxItems: 100,
      description: "Event types that the rule applies to; `order.*` matches all that begin with `order.`. `null`: all.",
    }),
  ),
};

const settings = {
  keepExactSeconds: Type.Integer({
    minimum: 0,
    maximum: MAX_KEEP_SECONDS,
    description:
      "How long the exact body is kept, encrypted, after its last delivery has ended, so that it can be resent and replayed. If several rules apply to an event type, the shortest time counts. 0: it is destroyed when its last delivery ends.",
  }),
  description: Type.String({ maxLength: 500 }),
  disabled: Type.Boolean({ description: "A disabled rule is not applied." }),
};

const scope = {
  appId: Type.Optional(
    nullable(Type.String({ maxLength: 256, description: "ID or uid of the application that the rule is limited to." })),
  ),
  sourceId: Type.Optional(
    nullable(Type.String({ maxLength: 256, description: "ID or uid of the source that the rule is limited to." })),
  ),
};

const ruleIn = {
  path: Type.Optional(rule.path),
  pattern: Type.Optional(rule.pattern),
  action: rule.action,
  eventTypes: Type.Optional(rule.eventTypes),
  keepExactSeconds: Type.Optional(Type.Integer({ ...settings.keepExactSeconds, default: 0 })),
  description: Type.Optional(Type.String({ ...settings.description, default: "" })),
  disabled: Type.Optional(Type.Boolean({ ...settings.disabled, default: false })),
};

export const RedactionRuleIn = Type.Object({ ...ruleIn, ...scope }, { $id: "RedactionRuleIn" });
/** For paths that name the application. */
export const ApplicationRedactionRuleIn = Type.Object(ruleIn, { $id: "ApplicationRedactionRuleIn" });

export const RedactionRulePatch = Type.Object(
  {
    path: Type.Optional(rule.path),
    pattern: Type.Optional(rule.pattern),
    action: Type.Optional(rule.action),
    eventTypes: Type.Optional(rule.eventTypes),
    keepExactSeconds: Type.Optional(settings.keepExactSeconds),
    description: Type.Optional(settings.description),
    disabled: Type.Optional(settings.disabled),
  },
  { $id: "RedactionRulePatch" },
);

export const RedactionRuleOut = Type.Object(
  {
    id: Type.String(),
    appId: nullable(Type.String()),
    sourceId: nullable(Type.String()),
    ...rule,
    ...settings,
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "RedactionRuleOut" },
);
export const RedactionRuleList = listOf(RedactionRuleOut);

export const RedactionTryIn = Type.Object(
  {
    payload: Type.String({ description: "The sample body, as text." }),
    contentType: Type.Optional(Type.String({ maxLength: 256, default: "application/json" })),
    eventType: Type.Optional(Type.String({ maxLength: 256, default: "example" })),
    rules: Type.Optional(
      nullable(
        Type.Array(
          Type.Object({
            path: Type.Optional(rule.path),
            pattern: Type.Optional(rule.pattern),
            action: rule.action,
            eventTypes: Type.Optional(rule.eventTypes),
          }),
          { maxItems: 100, description: "Rules to apply instead of those that are stored." },
        ),
      ),
    ),
    ...scope,
  },
  { $id: "RedactionTryIn" },
);

export const RedactionTryOut = Type.Object(
  {
    payload: Type.String({ description: "The body as it would be stored." }),
    parts: Type.Integer({ description: "Number of redacted parts." }),
    whole: Type.Boolean({
      description: "A rule cannot be applied to this body, for example because it is not JSON. All of it is redacted.",
    }),
  },
  { $id: "RedactionTryOut" },
);

export const REDACTION_MODELS = [
  RedactionRuleIn,
  ApplicationRedactionRuleIn,
  RedactionRulePatch,
  RedactionRuleOut,
  RedactionRuleList,
  RedactionTryIn,
  RedactionTryOut,
];
