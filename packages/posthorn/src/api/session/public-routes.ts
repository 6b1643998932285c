/**
 * Routes of people who are not signed in yet, and of command lines that wait for approval. They need no token, and are not registered like the
 * others: they read and set cookies, and accept no idempotency key, because some responses must not be stored.
 */
import { type TObject, type TSchema, Type } from "typebox";
import { HttpError, HttpValidationError, ref } from "../models/common.ts";
import {
  DeviceAuthorizationIn,
  DeviceAuthorizationOut,
  DeviceTokenError,
  DeviceTokenIn,
  DeviceTokenOut,
  InvitationAcceptIn,
  InvitationDetailsOut,
  OneTimeCodeIn,
  PasswordResetIn,
  PasswordResetOut,
  ResetRequestIn,
  ResetRequestOut,
  SecondFactorSignInIn,
  SetupIn,
  SignInIn,
  SignInOut,
  SignInStateOut,
  SignOutIn,
} from "../models/sign-in-steps.ts";
import {
  PasskeyOptionsOut,
  PasskeySignInIn,
  ProviderConnectIn,
  ProviderSignInIn,
  ProviderUrlOut,
  SignInProviderList,
  SignOutOut,
} from "../models/sign-in.ts";
import type { Tag } from "../tags.ts";
import type * as publicHandlers from "./public-handlers.ts";

type Handlers = typeof publicHandlers;

export interface PublicRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly query?: TObject;
  readonly body?: TSchema;
  readonly responses: Readonly<Record<number, TSchema | null>>;
  readonly handler: keyof Handlers;
  /** For programs without a browser: also reads forms (RFC 8628), and needs no header of our pages. */
  readonly isForPrograms?: true;
}

const SIGNED_IN = { 200: SignInOut };
const COOKIE = "Sets the session cookie. Send the header `x-posthorn-csrf: 1`.";

export const PUBLIC_ROUTES: readonly PublicRoute[] = [
  {
    method: "GET",
    path: "/api/v1/sign-in",
    operationId: "v1.sign-in.get",
    tag: "Sign-in",
    summary: "Get the state of sign-in",
    description: "Whether this browser has a session, and whether the server still has no users.",
    responses: { 200: SignInStateOut },
    handler: "signInState",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in",
    operationId: "v1.sign-in.password",
    tag: "Sign-in",
    summary: "Sign in with a password",
    description: `${COOKIE} If the user has a second factor, the response has a challenge instead.`,
    body: SignInIn,
    responses: SIGNED_IN,
    handler: "signIn",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/second-factor",
    operationId: "v1.sign-in.second-factor",
    tag: "Sign-in",
    summary: "Complete a sign-in with a second factor",
    description: `Takes the challenge of the first step and a one-time or recovery code. ${COOKIE}`,
    body: SecondFactorSignInIn,
    responses: SIGNED_IN,
    handler: "signInSecondFactor",
  },
  {
    method: "GET",
    path: "/api/v1/sign-in/provider",
    operationId: "v1.sign-in.provider.list",
    tag: "Sign-in",
    summary: "List identity providers for sign-in",
    description: "On a server with several organisations, only providers for the domain of `email`.",
    query: Type.Object({ email: Type.Optional(Type.String({ maxLength: 254 })) }),
    responses: { 200: SignInProviderList },
    handler: "providers",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/provider",
    operationId: "v1.sign-in.provider.start",
    tag: "Sign-in",
    summary: "Start to sign in at an identity provider",
    description: "Sets a cookie, and returns the URL to open. Send the header `x-posthorn-csrf: 1`.",
    body: ProviderSignInIn,
    responses: { 200: ProviderUrlOut },
    handler: "startAtProvider",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/provider/connect",
    operationId: "v1.sign-in.provider.connect",
    tag: "Sign-in",
    summary: "Start to connect an identity provider",
    description:
      "For a user who has signed in. Sets a cookie, and returns the URL to open. Send the header `x-posthorn-csrf: 1`.",
    body: ProviderConnectIn,
    responses: { 200: ProviderUrlOut },
    handler: "connectAtProvider",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/passkey/options",
    operationId: "v1.sign-in.passkey.options",
    tag: "Sign-in",
    summary: "Start to sign in with a passkey",
    description:
      "Returns options for the browser, which are valid for five minutes. Send the header `x-posthorn-csrf: 1`.",
    responses: { 200: PasskeyOptionsOut },
    handler: "passkeyOptions",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/passkey",
    operationId: "v1.sign-in.passkey",
    tag: "Sign-in",
    summary: "Sign in with a passkey",
    description: `Takes the browser's answer to the options. A passkey counts as two factors. ${COOKIE}`,
    body: PasskeySignInIn,
    responses: SIGNED_IN,
    handler: "signInByPasskey",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/code",
    operationId: "v1.sign-in.code",
    tag: "Sign-in",
    summary: "Sign in with the code of a development server",
    description: `The code is in the link that \`npm start\` prints, and works once. ${COOKIE}`,
    body: OneTimeCodeIn,
    responses: SIGNED_IN,
    handler: "signInWithCode",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/set-up",
    operationId: "v1.sign-in.set-up",
    tag: "Sign-in",
    summary: "Create the first user",
    description: `Takes the code in the link that a server without users prints at its start. The user becomes the owner. ${COOKIE}`,
    body: SetupIn,
    responses: SIGNED_IN,
    handler: "setUp",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/invitation",
    operationId: "v1.sign-in.invitation",
    tag: "Sign-in",
    summary: "Get an invitation by its code",
    description: "For the page behind an invitation link.",
    body: OneTimeCodeIn,
    responses: { 200: InvitationDetailsOut },
    handler: "invitation",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/invitation/accept",
    operationId: "v1.sign-in.accept-invitation",
    tag: "Sign-in",
    summary: "Accept an invitation",
    description: `Creates the account of a user who has none yet. ${COOKIE}`,
    body: InvitationAcceptIn,
    responses: SIGNED_IN,
    handler: "accept",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/reset",
    operationId: "v1.sign-in.reset-password",
    tag: "Sign-in",
    summary: "Set a new password with a reset link",
    description: `Ends all sessions of the user. A second factor is still required. ${COOKIE}`,
    body: PasswordResetIn,
    responses: SIGNED_IN,
    handler: "reset",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/reset/check",
    operationId: "v1.sign-in.check-reset-link",
    tag: "Sign-in",
    summary: "Get the user of a reset link",
    description: "For the page that the link opens.",
    body: OneTimeCodeIn,
    responses: { 200: PasswordResetOut },
    handler: "resetDetails",
  },
  {
    method: "POST",
    path: "/api/v1/sign-in/reset/request",
    operationId: "v1.sign-in.request-reset",
    tag: "Sign-in",
    summary: "Ask for a link for a new password",
    description:
      "Sends an email if there is a user with this address; the response does not reveal whether there is one. For each address, this works three times, then once every 15 minutes. Returns 409 if the server sends no email.",
    body: ResetRequestIn,
    responses: { 202: ResetRequestOut },
    handler: "resetRequest",
  },
  {
    method: "POST",
    path: "/api/v1/sign-out",
    operationId: "v1.sign-in.sign-out",
    tag: "Sign-in",
    summary: "Sign out",
    description:
      "Ends the session of this browser, or all sessions of the user, on all nodes. Send the header `x-posthorn-csrf: 1`. If the session began at an identity provider, open `redirectTo` to end it there too.",
    body: SignOutIn,
    responses: { 200: SignOutOut },
    handler: "endSession",
  },
  {
    method: "POST",
    path: "/api/v1/device/code",
    operationId: "v1.device.authorize",
    tag: "Sign-in",
    summary: "Start the sign-in of a command line",
    description:
      "Device authorization of RFC 8628, as JSON or as a form. Show the user code, and poll for the token until a user has approved it.",
    body: DeviceAuthorizationIn,
    responses: { 200: DeviceAuthorizationOut },
    handler: "deviceAuthorize",
    isForPrograms: true,
  },
  {
    method: "POST",
    path: "/api/v1/device/token",
    operationId: "v1.device.token",
    tag: "Sign-in",
    summary: "Get the token of a command line",
    description: "Device access token request of RFC 8628, as JSON or as a form.",
    body: DeviceTokenIn,
    responses: { 200: DeviceTokenOut, 400: DeviceTokenError },
    handler: "deviceToken",
    isForPrograms: true,
  },
];

/** Descriptions of the routes for the OpenAPI document. */
export function describePublicRoute(route: PublicRoute): object {
  const { operationId, tag, summary, description, query, body, responses } = route;
  const error = ref(HttpError);
  const described = Object.entries(responses).map(([status, model]) => [
    status,
    { description: "Done.", ...(model === null ? { type: "null" } : ref(model)) },
  ]);
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    security: [],
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body: ref(body) }),
    response: {
      400: { description: "The request cannot be read.", ...error },
      403: { description: "The credentials are wrong, or the request came from another origin.", ...error },
      409: { description: "The request conflicts with an existing resource.", ...error },
      413: { description: "The request is too large.", ...error },
      422: { description: "The request violates a rule.", ...ref(HttpValidationError) },
      429: { description: "Too many attempts. Try again later.", ...error },
      503: { description: "The server cannot process the request now. Try again later.", ...error },
      ...Object.fromEntries(described),
    },
  };
}
