/** Handlers of the routes of people who are not signed in yet. */
import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import type { Static } from "typebox";
import { authorizeDevice, type DeviceError, pollDevice } from "../../domain/session/device.ts";
import {
  signInWithDeveloperCode,
  signInWithPassword,
  signInWithSecondFactor,
  type SignInResult,
} from "../../domain/session/sign-in.ts";
import { signOut } from "../../domain/session/sign-out.ts";
import { providerSignOut } from "../../domain/user/identity/session.ts";
import { passkeyRequestOptions, signInWithPasskey } from "../../domain/user/passkey-sign-in.ts";
import { acceptInvitation, readInvitation } from "../../domain/user/invitation.ts";
import { readResetLink, requestReset, resetPassword } from "../../domain/user/reset.ts";
import { localeOf } from "../../domain/user/profile.ts";
import { setUp as setUpOwner } from "../../domain/user/set-up.ts";
import { isSetupRequired } from "../../domain/user/start-links.ts";
import { countAttempt, addressSubject, clearAttempts } from "../../domain/session/limits.ts";
import type * as models from "../models/sign-in-steps.ts";
import { ok, type Reply, reply } from "../reply.ts";
import { dateTime } from "../wire.ts";
import { attemptOf } from "./attempt.ts";
import { clearSessionCookie, sessionCookie, setCookies } from "./cookies.ts";
import type { PublicRequest } from "./public-request.ts";

type Body<Model extends keyof typeof models> = Static<(typeof models)[Model]>;

function signedIn({ request, response, publicUrl, services }: PublicRequest<unknown>, result: SignInResult): Reply {
  if (result.status === "second_factor_required") {
    const { status, challenge, expiresAt } = result;
    return ok({ status, challenge, expiresAt: dateTime(expiresAt) });
  }
  setCookies(request, response, publicUrl, result, services.now());
  return ok({ status: result.status, challenge: null, expiresAt: dateTime(result.session.expiresAt) });
}

export async function signInState(call: PublicRequest<unknown>): Promise<Reply> {
  const { request, publicUrl, services, authenticator } = call;
  const cookie = sessionCookie(request, publicUrl);
  const session = cookie === null ? null : await authenticator.identifySession(cookie).catch(() => null);
  const locale = session === null ? null : await localeOf(services.store, session.actor);
  const setupRequired = await isSetupRequired(services.store);
  return ok({ signedIn: session !== null, setupRequired, locale, resetByEmail: services.mailer !== null });
}

export async function signIn(call: PublicRequest<Body<"SignInIn">>): Promise<Reply> {
  return signedIn(call, await signInWithPassword(call.services, call.body, attemptOf(call)));
}

export async function signInSecondFactor(call: PublicRequest<Body<"SecondFactorSignInIn">>): Promise<Reply> {
  return signedIn(call, await signInWithSecondFactor(call.services, call.body, attemptOf(call)));
}

export async function signInWithCode(call: PublicRequest<Body<"OneTimeCodeIn">>): Promise<Reply> {
  return signedIn(call, await signInWithDeveloperCode(call.services, call.body.code, attemptOf(call)));
}

/** Limits attempts to use codes of links from one address: each costs a look-up, and some a hash. */
async function limited<T>({ services, request }: PublicRequest<unknown>, work: () => Promise<T>): Promise<T> {
  const subjects = [addressSubject(request.ip)];
  await countAttempt(services, subjects);
  const result = await work();
  await clearAttempts(services, subjects);
  return result;
}

export async function setUp(call: PublicRequest<Body<"SetupIn">>): Promise<Reply> {
  const { code, ...account } = call.body;
  return signedIn(call, await limited(call, () => setUpOwner(call.services, code, account, attemptOf(call))));
}

export async function invitation(call: PublicRequest<Body<"OneTimeCodeIn">>): Promise<Reply> {
  const found = await limited(call, () => readInvitation(call.services, call.body.code));
  return ok({ ...found, expiresAt: dateTime(found.expiresAt) });
}

export async function accept(call: PublicRequest<Body<"InvitationAcceptIn">>): Promise<Reply> {
  const { code, ...account } = call.body;
  return signedIn(call, await limited(call, () => acceptInvitation(call.services, code, account, attemptOf(call))));
}

export async function reset(call: PublicRequest<Body<"PasswordResetIn">>): Promise<Reply> {
  return signedIn(call, await limited(call, () => resetPassword(call.services, call.body, attemptOf(call))));
}

export async function resetRequest(call: PublicRequest<Body<"ResetRequestIn">>): Promise<Reply> {
  const { email, locale = null } = call.body;
  await requestReset(call.services, { email, locale }, attemptOf(call));
  return reply(202, {});
}

export async function resetDetails(call: PublicRequest<Body<"OneTimeCodeIn">>): Promise<Reply> {
  return ok(await limited(call, () => readResetLink(call.services, call.body.code)));
}

export async function endSession(call: PublicRequest<Body<"SignOutIn">>): Promise<Reply> {
  const { request, response, publicUrl, services, body } = call;
  const cookie = sessionCookie(request, publicUrl);
  clearSessionCookie(request, response, publicUrl);
  if (cookie === null) return ok({ redirectTo: null });
  const atProvider = await providerSignOut(services, cookie);
  await signOut(services, cookie, body.everywhere ?? false, attemptOf(call));
  return ok({ redirectTo: await atProvider() });
}

export { connectAtProvider, providers, startAtProvider } from "./provider-handlers.ts";

export async function passkeyOptions({ services }: PublicRequest<unknown>): Promise<Reply> {
  return ok({ options: await passkeyRequestOptions(services) });
}

export async function signInByPasskey(call: PublicRequest<{ readonly response: unknown }>): Promise<Reply> {
  // Verified by the library, which rejects what is not in this form.
  const answer = call.body.response as AuthenticationResponseJSON;
  return signedIn(call, await signInWithPasskey(call.services, answer, attemptOf(call)));
}

export async function deviceAuthorize(call: PublicRequest<Body<"DeviceAuthorizationIn">>): Promise<Reply> {
  const { services, request, body } = call;
  const client = { ip: request.ip, userAgent: request.headers["user-agent"] ?? "" };
  const made = await authorizeDevice(services, body.client_id ?? "", client);
  return ok({
    device_code: made.deviceCode,
    user_code: made.userCode,
    verification_uri: made.verificationUri,
    verification_uri_complete: made.verificationUriComplete,
    expires_in: made.expiresInSeconds,
    interval: made.intervalSeconds,
  });
}

const DEVICE_ERRORS: Readonly<Record<DeviceError, string>> = {
  authorization_pending: "The user has not decided yet.",
  slow_down: "Wait 5 seconds longer between two requests.",
  access_denied: "The user refused.",
  expired_token: "The code has expired, or was used. Start again.",
};

export async function deviceToken(call: PublicRequest<Body<"DeviceTokenIn">>): Promise<Reply> {
  const { services, request, body } = call;
  if (body.grant_type !== "urn:ietf:params:oauth:grant-type:device_code") {
    return reply(400, {
      error: "unsupported_grant_type",
      error_description: "The only grant_type is urn:ietf:params:oauth:grant-type:device_code.",
    });
  }
  const client = { ip: request.ip, userAgent: request.headers["user-agent"] ?? "" };
  const result = await pollDevice(services, body.device_code, client);
  if ("error" in result) {
    return reply(400, { error: result.error, error_description: DEVICE_ERRORS[result.error] });
  }
  const expiresIn = Math.floor((result.expiresAt - services.now()) / 1000);
  return ok({ access_token: result.token, token_type: "Bearer", expires_in: expiresIn });
}
