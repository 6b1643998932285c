/** Models of organisations. */
import { Type } from "typebox";
import { ROLES } from "../../domain/role.ts";
import { DateTime, literals, nullable, ref } from "./common.ts";

const Name = Type.String({ minLength: 1, maxLength: 100 });

export const OrganisationIn = Type.Object({ name: Name }, { $id: "OrganisationIn" });
export const OrganisationPatch = Type.Object(
  {
    name: Type.Optional(Name),
    requiresSecondFactor: Type.Optional(
      Type.Boolean({
        description:
          "Users need a one-time code or a passkey, or sign in at an identity provider of the organisation. Sessions without one can only be used to set one up, from the next request on.",
      }),
    ),
  },
  { $id: "OrganisationPatch" },
);

export const OrganisationOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String({ description: "Empty: it has none." }),
    createdAt: DateTime,
    current: Type.Boolean({ description: "Whether it is the current organisation of your session." }),
    role: nullable(literals(ROLES)),
    requiresSecondFactor: Type.Boolean(),
  },
  {
    $id: "OrganisationOut",
    description:
      "An organisation and your role in it. Null: you have roles in individual applications only, or are not signed in as a user.",
  },
);

export const OrganisationList = Type.Object({ data: Type.Array(ref(OrganisationOut)) }, { $id: "OrganisationList" });

export const SessionOrganisationIn = Type.Object(
  { organisation: Type.String({ maxLength: 200, description: "ID of one of your organisations." }) },
  { $id: "SessionOrganisationIn" },
);

export const ORGANISATION_MODELS = [
  OrganisationIn,
  OrganisationPatch,
  OrganisationOut,
  OrganisationList,
  SessionOrganisationIn,
];
