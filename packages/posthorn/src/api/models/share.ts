import { Type } from "typebox";
import { SHARE_SECONDS } from "../../domain/share/share.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

const HeaderName = Type.String({ minLength: 1, maxLength: 128, pattern: "^(\\*|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$" });

export const ShareRedaction = Type.Object(
  {
    hideBodies: Type.Optional(Type.Boolean({ default: false, description: "Hides bodies as a whole." })),
    headers: Type.Optional(
      Type.Array(HeaderName, { maxItems: 50, description: "Names of headers with hidden values; `*` for all." }),
    ),
    fields: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: 50,
        description:
          "JSON paths (RFC 9535) of hidden values, such as `$.customer.email` or `$..iban`. A body that is not JSON is hidden as a whole.",
      }),
    ),
  },
  { additionalProperties: false },
);

export const ShareIn = Type.Object(
  {
    attemptId: Type.Optional(nullable(Type.String({ maxLength: 256, description: "Shows this attempt in detail." }))),
    expiresInSeconds: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 60,
          maximum: SHARE_SECONDS.max,
          default: SHARE_SECONDS.default,
          description: "7 days by default, at most 90 days.",
        }),
      ),
    ),
    redact: Type.Optional(nullable(ShareRedaction)),
  },
  { $id: "ShareIn" },
);

const fields = {
  id: Type.String(),
  appId: Type.String(),
  messageId: Type.String(),
  attemptId: nullable(Type.String()),
  redact: Type.Object({
    hideBodies: Type.Boolean(),
    headers: Type.Array(Type.String()),
    fields: Type.Array(Type.String()),
  }),
  state: literals(["active", "expired", "revoked"]),
  createdBy: Type.String({ description: "Name of the caller that created it." }),
  createdAt: DateTime,
  expiresAt: DateTime,
  views: Type.Integer({ description: "Number of times the link was opened." }),
  lastViewedAt: nullable(DateTime),
};

export const ShareOut = Type.Object(fields, { $id: "ShareOut" });
export const ShareCreated = Type.Object(
  { ...fields, url: Type.String({ description: "Shown once. Anyone with this URL can open it." }) },
  { $id: "ShareCreated" },
);
export const ShareList = listOf(ShareOut);

export const SHARE_MODELS = [ShareIn, ShareOut, ShareCreated, ShareList];
