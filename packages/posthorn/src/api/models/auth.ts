import { Type } from "typebox";
import { ApplicationIn } from "./application.ts";
import { DateTime, listOf, Name, nullable, ref, Url } from "./common.ts";
import { CAPABILITIES } from "../../domain/access.ts";
import { PERMISSIONS } from "../../domain/grant.ts";
import { COLOUR_PATTERN, FONT_PATTERN, LOGO_PATTERN, PORTAL_THEMES } from "../../domain/portal/look.ts";

const LookName = Type.String({ maxLength: 100 });
const LookLogo = Type.String({ maxLength: 2048, pattern: LOGO_PATTERN, description: "An https URL." });
const LookColour = Type.String({ pattern: COLOUR_PATTERN, description: "Colour of buttons and links, as `#rrggbb`." });
const LookFont = Type.String({
  maxLength: 200,
  pattern: FONT_PATTERN,
  description: "Fonts that are installed on most devices.",
});

const SessionId = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9@_-]+$" });

const PortalLinkLook = Type.Object(
  {
    name: Type.Optional(nullable(LookName)),
    logo: Type.Optional(nullable(LookLogo)),
    colour: Type.Optional(nullable(LookColour)),
    font: Type.Optional(nullable(LookFont)),
    theme: Type.Optional(nullable(Type.Union(PORTAL_THEMES.map((theme) => Type.Literal(theme))))),
    language: Type.Optional(nullable(Type.String({ maxLength: 35, pattern: "^[a-zA-Z-]{2,35}$" }))),
  },
  { description: "Appearance of the portal behind this link, where it differs from the settings of the server." },
);

export const AppPortalAccessIn = Type.Object(
  {
    application: Type.Optional(nullable(ref(ApplicationIn))),
    readOnly: Type.Optional(nullable(Type.Boolean({ description: "Restricts the token to reading." }))),
    capabilities: Type.Optional(
      nullable(
        Type.Array(Type.Union(CAPABILITIES.map((name) => Type.Literal(name))), {
          description: "By default all capabilities except `ManageWatch`.",
        }),
      ),
    ),
    featureFlags: Type.Optional(Type.Array(Name, { maxItems: 25 })),
    expiry: Type.Optional(
      nullable(Type.Integer({ minimum: 3600, maximum: 604_800, description: "In seconds; 7 days by default." })),
    ),
    sessionId: Type.Optional(nullable(SessionId)),
    look: Type.Optional(PortalLinkLook),
  },
  { $id: "AppPortalAccessIn" },
);

export const AppPortalAccessOut = Type.Object(
  { url: Type.String({ description: "Link to the portal, with the token in its fragment." }), token: Type.String() },
  { $id: "AppPortalAccessOut" },
);

export const PortalOut = Type.Object(
  {
    app: Type.Object({ id: Type.String(), uid: nullable(Type.String()), name: Type.String() }),
    capabilities: Type.Array(Type.Union(CAPABILITIES.map((name) => Type.Literal(name)))),
    sessionId: nullable(Type.String()),
    expiresAt: nullable(DateTime),
    look: Type.Object({
      name: nullable(Type.String()),
      logo: nullable(Type.String()),
      colour: nullable(Type.String()),
      font: nullable(Type.String()),
    }),
    docsUrl: nullable(Type.String({ description: "Your own documentation, which the portal links to. Null: none." })),
  },
  {
    $id: "PortalOut",
    description: "The application, capabilities and expiry of a token, and the appearance of the portal.",
  },
);

export const UrlCheckIn = Type.Object({ url: Url }, { $id: "UrlCheckIn" });

export const UrlCheckOut = Type.Object(
  {
    allowed: Type.Boolean(),
    code: nullable(Type.String({ description: "Why the URL is refused." })),
    message: nullable(Type.String()),
  },
  { $id: "UrlCheckOut", description: "Whether an endpoint can use this URL." },
);

const KeyName = Type.String({ minLength: 1, maxLength: 256 });
const KeyDescription = Type.String({ maxLength: 1024, description: "What the key is for." });
const Scopes = nullable(
  Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    minItems: 1,
    maxItems: 200,
    description:
      "Permissions of the key, and `app:` with the ID or uid of each application or source that it is limited to. " +
      `Null: everything. Permissions: ${PERMISSIONS.map((name) => `\`${name}\``).join(", ")}.`,
  }),
);
const Networks = nullable(
  Type.Array(Type.String({ maxLength: 64 }), {
    minItems: 1,
    maxItems: 100,
    description: "IP addresses and networks such as `10.1.0.0/16` from which the key may be used. Null: any.",
  }),
);

export const ApiKeyIn = Type.Object(
  {
    name: KeyName,
    description: Type.Optional(KeyDescription),
    scopes: Type.Optional(Scopes),
    networks: Type.Optional(Networks),
    expiresAt: Type.Optional(nullable(DateTime)),
  },
  { $id: "ApiKeyIn", description: "A key cannot do more than the caller that creates it." },
);

export const ApiKeyPatch = Type.Object(
  {
    name: Type.Optional(KeyName),
    description: Type.Optional(KeyDescription),
    scopes: Type.Optional(Scopes),
    networks: Type.Optional(Networks),
    expiresAt: Type.Optional(nullable(DateTime)),
  },
  { $id: "ApiKeyPatch" },
);

const keyFields = {
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  scopes: nullable(Type.Array(Type.String(), { description: "As in `ApiKeyIn`, with IDs. Null: everything." })),
  applications: nullable(
    Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
      description: "Applications and sources that the key is limited to. Null: all.",
    }),
  ),
  networks: nullable(Type.Array(Type.String())),
  summary: Type.String({ description: "What the key can and cannot do, as a sentence." }),
  owner: nullable(
    Type.String({
      description: "ID of the user or key that created it. Null: created with a token of the organisation.",
    }),
  ),
  createdAt: DateTime,
  expiresAt: nullable(DateTime),
  lastUsedAt: nullable(Type.String({ format: "date-time", description: "To the minute. Null: never." })),
};

export const ApiKeyOut = Type.Object(keyFields, {
  $id: "ApiKeyOut",
  description: "An opaque key of the organisation, without its secret part.",
});

export const ApiKeyCreated = Type.Object(
  { ...keyFields, token: Type.String({ description: "The key. It is shown only in this response." }) },
  { $id: "ApiKeyCreated" },
);

export const ApiKeyList = listOf(ApiKeyOut);

export const ApplicationTokenExpireIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 259_200,
          description: "Seconds for which the tokens stay valid; 0 by default.",
        }),
      ),
    ),
    sessionIds: Type.Optional(
      Type.Array(SessionId, {
        maxItems: 1000,
        description: "Revokes only the tokens of these sessions; by default all.",
      }),
    ),
  },
  { $id: "ApplicationTokenExpireIn" },
);
