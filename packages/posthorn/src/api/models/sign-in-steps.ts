/** Models of sign-in, for people who have no session yet and for command lines. */
import { type TSchema, Type } from "typebox";
import { MAIL_LOCALES } from "../../domain/mail/emails.ts";
import { DateTime, literals, nullable } from "./common.ts";
import { Email, FactorCode, NewPassword, Password, PersonName } from "./user-fields.ts";

const OneTimeCode = Type.String({ minLength: 1, maxLength: 200 });

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

export const SIGN_IN_STEP_MODELS: readonly TSchema[] = [
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
];
