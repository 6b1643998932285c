/** Models of clients that people connect to the MCP endpoint with OAuth. */
import { Type } from "typebox";
import { READ_SCOPE, WRITE_SCOPE } from "../../domain/connected-client/scope.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

export const AuthorizationQuery = Type.String({
  minLength: 1,
  maxLength: 6000,
  description: "Query of the URL with which the client opened the consent page, as it is.",
});

const HostOfDocument = nullable(
  Type.String({
    description:
      "Host of the client's metadata document, which vouches for its name. Null: the client registered itself.",
  }),
);

export const ClientConsentOut = Type.Object(
  {
    client: nullable(Type.Object({ id: Type.String(), name: Type.String(), host: HostOfDocument })),
    destination: nullable(
      Type.String({ description: "Host, or scheme of a program, to which the browser goes with the decision." }),
    ),
    local: Type.Boolean({ description: "The destination is a program on the user's machine." }),
    organisation: nullable(Type.Object({ id: Type.String(), name: Type.String() })),
    asksToWrite: Type.Boolean({ description: `The client asks for the scope ${WRITE_SCOPE}.` }),
    write: Type.Union([Type.Literal("allowed"), Type.Literal("server"), Type.Literal("role")], {
      description:
        "Whether write access can be granted. server: this server has no tools that write. role: the user may not write.",
    }),
    redirectTo: nullable(
      Type.String({
        description: "Set if the request violates the protocol: open this URL, which reports the error to the client.",
      }),
    ),
  },
  { $id: "ClientConsentOut", description: "What a user decides about: a client that asks for access." },
);

export const ClientDecisionIn = Type.Object(
  {
    request: AuthorizationQuery,
    approve: Type.Boolean(),
    write: Type.Optional(Type.Boolean({ description: "Also let the client use tools that write. Default: false." })),
  },
  { $id: "ClientDecisionIn" },
);

export const ClientDecisionOut = Type.Object(
  { redirectTo: Type.String({ description: "URL to open, with the code or an error for the client." }) },
  { $id: "ClientDecisionOut" },
);

export const ConnectedClientOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    host: HostOfDocument,
    scopes: Type.Array(literals([READ_SCOPE, WRITE_SCOPE])),
    user: Type.Object({ id: Type.String(), email: Type.String(), name: Type.String() }),
    connectedAt: DateTime,
    lastUsedAt: DateTime,
    expiresAt: DateTime,
  },
  { $id: "ConnectedClientOut" },
);
export const ConnectedClientList = listOf(ConnectedClientOut);

export const CONNECTED_CLIENT_MODELS = [
  ClientConsentOut,
  ClientDecisionIn,
  ClientDecisionOut,
  ConnectedClientOut,
  ConnectedClientList,
] as const;
