/** Models of users, their sessions and their sign-in. */
import { type TSchema, Type } from "typebox";
import { PERMISSIONS } from "../../domain/grant.ts";
import { MAIL_LOCALES } from "../../domain/mail/letters.ts";
import { ROLES } from "../../domain/role.ts";
import { DateTime, listOf, literals, nullable, ref } from "./common.ts";

const Email = Type.String({ minLength: 3, maxLength: 254, description: "Case-insensitive." });
const PersonName = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
/** The rules are in `domain/user/password-rules.ts`. */
const NewPassword = Type.String({
  maxLength: 1024,
  description:
    "At least 12 characters that are hard to guess: not a common password, a pattern, or the name of the user.",
});
const Password = Type.String({ maxLength: 1024 });
const OneTimeCode = Type.String({ minLength: 1, maxLength: 200 });
const FactorCode = Type.String({
  minLength: 6,
  maxLength: 40,
  description: "A code of the authenticator app, or a recovery code.",
});
const RoleName = literals(ROLES);

export const SignInStateOut = Type.Object(
  {
    signedIn: Type.Boolean({ description: "This browser has a session." }),
    setupRequired: Type.Boolean({ description: "The server has no users yet." }),
    locale: nullable(Type.String({ description: "Language that the user chose; null: none." })),
    resetByEmail: Type.Boolean({ description: "Users can ask for a link for a new password by email." }),
  },
  { $id: "SignInStateOut" },
);

export const SignInIn = Type.Object(
  { email: Type.String({ maxLength: 1024 }), password: Password },
  { $id: "SignInIn" },
);

export const SignInOut = Type.Object(
  {
    status: literals(["signed_in", "second_factor_required"]),
    challenge: nullable(Type.String({ description: "For `/api/v1/sign-in/second-factor`." })),
    expiresAt: nullable(DateTime),
  },
  { $id: "SignInOut", description: "Result of a sign-in. The session is in a cookie, never in the response." },
);

export const SecondFactorSignInIn = Type.Object(
  { challenge: OneTimeCode, code: FactorCode },
  { $id: "SecondFactorSignInIn" },
);

export const OneTimeCodeIn = Type.Object({ code: OneTimeCode }, { $id: "OneTimeCodeIn" });

export const SetupIn = Type.Object(
  { code: OneTimeCode, email: Email, name: PersonName, password: NewPassword },
  { $id: "SetupIn" },
);

export const InvitationDetailsOut = Type.Object(
  {
    email: Type.String(),
    role: Type.String(),
    createdBy: Type.String({ description: "Name of the user who invited; empty if it was created with a token." }),
    expiresAt: DateTime,
    hasAccount: Type.Boolean({ description: "The user has an account, and accepts the invitation signed in." }),
  },
  { $id: "InvitationDetailsOut" },
);

export const InvitationAcceptIn = Type.Object(
  { code: OneTimeCode, name: PersonName, password: NewPassword },
  { $id: "InvitationAcceptIn" },
);

export const PasswordResetIn = Type.Object({ code: OneTimeCode, password: NewPassword }, { $id: "PasswordResetIn" });
export const ResetRequestIn = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 1024 }),
    locale: Type.Optional(nullable(literals(MAIL_LOCALES))),
  },
  { $id: "ResetRequestIn", description: "`locale`: language of the email for users who have not chosen one." },
);

export const ResetRequestOut = Type.Object({}, { $id: "ResetRequestOut", description: "The same for every address." });

export const PasswordResetOut = Type.Object({ email: Type.String() }, { $id: "PasswordResetOut" });

export const SignOutIn = Type.Object(
  { everywhere: Type.Optional(Type.Boolean({ description: "End all sessions of the user." })) },
  { $id: "SignOutIn" },
);

export const DeviceAuthorizationIn = Type.Object(
  {
    client_id: Type.Optional(
      Type.String({ maxLength: 200, description: "Name of the program, which users see before they approve it." }),
    ),
    scope: Type.Optional(
      Type.String({ maxLength: 1000, description: "Ignored: the token has the roles of the user." }),
    ),
  },
  { $id: "DeviceAuthorizationIn" },
);

export const DeviceAuthorizationOut = Type.Object(
  {
    device_code: Type.String(),
    user_code: Type.String(),
    verification_uri: Type.String(),
    verification_uri_complete: Type.String(),
    expires_in: Type.Integer(),
    interval: Type.Integer(),
  },
  { $id: "DeviceAuthorizationOut", description: "RFC 8628, section 3.2." },
);

export const DeviceTokenIn = Type.Object(
  {
    grant_type: Type.String({ maxLength: 200 }),
    device_code: OneTimeCode,
    client_id: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { $id: "DeviceTokenIn" },
);

export const DeviceTokenOut = Type.Object(
  { access_token: Type.String(), token_type: Type.Literal("Bearer"), expires_in: Type.Integer() },
  { $id: "DeviceTokenOut", description: "RFC 6749, section 5.1." },
);

export const DeviceTokenError = Type.Object(
  {
    error: Type.String({
      description:
        "`authorization_pending`, `slow_down`, `access_denied`, `expired_token` or `unsupported_grant_type`.",
    }),
    error_description: Type.String(),
  },
  { $id: "DeviceTokenError", description: "RFC 8628, section 3.5." },
);

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
  { $id: "CurrentSessionOut", description: "Who calls, and what they may do." },
);

export const DeviceRequestOut = Type.Object(
  { client: Type.String(), ip: Type.String(), createdAt: DateTime, expiresAt: DateTime },
  { $id: "DeviceRequestOut", description: "A command line that waits for approval." },
);
export const DeviceDecisionIn = Type.Object({ approve: Type.Boolean() }, { $id: "DeviceDecisionIn" });

export const USER_MODELS: readonly TSchema[] = [
  SignInStateOut,
  SignInIn,
  SignInOut,
  SecondFactorSignInIn,
  OneTimeCodeIn,
  SetupIn,
  InvitationDetailsOut,
  InvitationAcceptIn,
  PasswordResetIn,
  PasswordResetOut,
  ResetRequestIn,
  ResetRequestOut,
  SignOutIn,
  DeviceAuthorizationIn,
  DeviceAuthorizationOut,
  DeviceTokenIn,
  DeviceTokenOut,
  DeviceTokenError,
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
