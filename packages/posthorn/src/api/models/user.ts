/** Models of users, their sessions and their invitations. */
import { type TSchema, Type } from "typebox";
import { PERMISSIONS } from "../../domain/grant.ts";
import { ROLES } from "../../domain/role.ts";
import { DateTime, listOf, literals, nullable, ref } from "./common.ts";
import { SIGN_IN_STEP_MODELS } from "./sign-in-steps.ts";
import { Email, FactorCode, NewPassword, Password, PersonName, RoleName } from "./user-fields.ts";

const ApplicationRole = Type.Object({ app: Type.String({ description: "ID of an application." }), role: RoleName });

const userFields = {
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: nullable(literals(ROLES)),
  applicationRoles: Type.Array(ApplicationRole, { description: "Roles in individual applications." }),
  disabled: Type.Boolean(),
  secondFactor: Type.Boolean({ description: "One-time codes are required." }),
  createdAt: DateTime,
  lastSignInAt: nullable(DateTime),
} as const;

export const UserOut = Type.Object(userFields, { $id: "UserOut", description: "A user of the organisation." });
export const UserList = listOf(UserOut);

export const UserPatch = Type.Object(
  {
    role: Type.Optional(nullable(literals(ROLES))),
    applicationRoles: Type.Optional(
      Type.Array(
        Type.Object({
          app: Type.String({ maxLength: 300, description: "ID or `uid` of an application." }),
          role: RoleName,
        }),
        { maxItems: 500, description: "All roles in individual applications. Roles that are missing are removed." },
      ),
    ),
    disabled: Type.Optional(Type.Boolean({ description: "The user cannot sign in. Their sessions end." })),
  },
  { $id: "UserPatch" },
);

export const ProfileOut = Type.Object(
  {
    ...userFields,
    locale: nullable(Type.String()),
    hasPassword: Type.Boolean(),
    recoveryCodesLeft: Type.Integer(),
  },
  { $id: "ProfileOut", description: "The user who calls." },
);

export const ProfilePatch = Type.Object(
  {
    name: Type.Optional(PersonName),
    email: Type.Optional(Email),
    locale: Type.Optional(
      nullable(
        Type.String({ pattern: "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", maxLength: 35, description: "Language tag." }),
      ),
    ),
    currentPassword: Type.Optional(
      Type.String({ maxLength: 1024, description: "Required to change the email address." }),
    ),
  },
  { $id: "ProfilePatch" },
);

export const PasswordChangeIn = Type.Object(
  { currentPassword: Password, newPassword: NewPassword },
  { $id: "PasswordChangeIn" },
);

export const SecondFactorIn = Type.Object({ currentPassword: Password }, { $id: "SecondFactorIn" });
export const SecondFactorOut = Type.Object(
  { secret: Type.String(), uri: Type.String({ description: "Text of the QR code." }) },
  { $id: "SecondFactorOut" },
);
export const FactorCodeIn = Type.Object({ code: FactorCode }, { $id: "FactorCodeIn" });
export const RecoveryCodesOut = Type.Object(
  { codes: Type.Array(Type.String(), { description: "Shown only in this response. Each works once." }) },
  { $id: "RecoveryCodesOut" },
);

export const InvitationIn = Type.Object(
  {
    email: Email,
    role: RoleName,
    app: Type.Optional(nullable(Type.String({ maxLength: 300, description: "Limits the role to this application." }))),
  },
  { $id: "InvitationIn" },
);

const invitationFields = {
  id: Type.String(),
  email: Type.String(),
  role: RoleName,
  app: nullable(Type.String({ description: "ID of the application that the role is limited to." })),
  createdBy: Type.String(),
  createdAt: DateTime,
  expiresAt: DateTime,
} as const;

export const InvitationOut = Type.Object(invitationFields, { $id: "InvitationOut" });
export const InvitationList = listOf(InvitationOut);
const sentFields = {
  url: Type.String({ description: "Link for the user. Shown only in this response." }),
  emailSent: Type.Boolean({
    description: "The mail server has accepted an email with the link. Otherwise send the link yourself.",
  }),
  emailProblem: nullable(
    Type.String({ description: "Why no email was sent; null: it was, or the server sends no email." }),
  ),
};

export const InvitationCreated = Type.Object({ ...invitationFields, ...sentFields }, { $id: "InvitationCreated" });

export const ResetLinkOut = Type.Object({ ...sentFields, expiresAt: DateTime }, { $id: "ResetLinkOut" });

export const SessionOut = Type.Object(
  {
    id: Type.String(),
    kind: literals(["browser", "cli"]),
    current: Type.Boolean(),
    createdAt: DateTime,
    lastUsedAt: DateTime,
    expiresAt: DateTime,
    secondFactor: Type.Boolean({ description: "A second factor was given." }),
    ip: Type.String(),
    userAgent: Type.String(),
  },
  { $id: "SessionOut" },
);
export const SessionList = listOf(SessionOut);

export const CurrentSessionOut = Type.Object(
  {
    kind: literals(["user", "token", "key"]),
    organisation: Type.String(),
    environment: nullable(
      Type.String({ description: "Name of the installation (`POSTHORN_ENVIRONMENT`). Null: none." }),
    ),
    permissions: Type.Array(literals(PERMISSIONS), {
      description: "In the organisation, or in all of `applications`.",
    }),
    limited: Type.Boolean({ description: "The caller may use only some of the applications." }),
    applications: Type.Array(
      Type.Object({
        id: Type.String(),
        uid: nullable(Type.String()),
        permissions: Type.Array(literals(PERMISSIONS)),
      }),
      { description: "The applications in which a role of the user allows something else." },
    ),
    secondFactorRequired: Type.Boolean({
      description:
        "The organisation requires a second factor, and the session began without one: set one up in the profile, or sign in with it.",
    }),
    user: nullable(ref(UserOut)),
  },
  { $id: "CurrentSessionOut", description: "The caller, and their permissions." },
);

export const DeviceRequestOut = Type.Object(
  { client: Type.String(), ip: Type.String(), createdAt: DateTime, expiresAt: DateTime },
  { $id: "DeviceRequestOut", description: "A command line that waits for approval." },
);
export const DeviceDecisionIn = Type.Object({ approve: Type.Boolean() }, { $id: "DeviceDecisionIn" });

export const USER_MODELS: readonly TSchema[] = [
  ...SIGN_IN_STEP_MODELS,
  UserOut,
  UserList,
  UserPatch,
  ProfileOut,
  ProfilePatch,
  PasswordChangeIn,
  SecondFactorIn,
  SecondFactorOut,
  FactorCodeIn,
  RecoveryCodesOut,
  InvitationIn,
  InvitationOut,
  InvitationList,
  InvitationCreated,
  ResetLinkOut,
  SessionOut,
  SessionList,
  CurrentSessionOut,
  DeviceRequestOut,
  DeviceDecisionIn,
];
