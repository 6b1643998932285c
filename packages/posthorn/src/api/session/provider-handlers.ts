/** Handlers of sign-in and sign-out at identity providers, loaded with the first one. */
import type { FastifyReply } from "fastify";
import type { Caller } from "../../domain/grant.ts";
import {
  endProviderSessions,
  enabledProvider,
  offeredProviders,
  openAttempt,
  startAttempt,
} from "../../domain/user/identity/session.ts";
import { clientSettings } from "../../domain/user/identity/provider.ts";
import { connectIdentity, signInWithIdentity } from "../../domain/user/identity/sign-in.ts";
import { CALLBACK_PATH } from "../../domain/user/identity/paths.ts";
import { PosthornError } from "../../lib/errors.ts";
import type { ParsedBody } from "../body.ts";
import { failureReply } from "../failure.ts";
import { INERT } from "../inert.ts";
import { redirect } from "../redirect.ts";
import { ok, type Reply } from "../reply.ts";
import { attemptOf } from "./attempt.ts";
import {
  clearAttemptCookie,
  attemptCookie,
  sessionCookie,
  setAttemptCookie,
  setCookies,
  setProblemCookie,
} from "./cookies.ts";
import type { ProviderRequest } from "./provider-redirects.ts";
import type { PublicRequest } from "./public-request.ts";

export async function providers({ services, request }: PublicRequest<unknown>): Promise<Reply> {
  const { email } = request.query as { readonly email?: string };
  return ok({ data: await offeredProviders(services, email ?? null) });
}

export async function startAtProvider(
  call: PublicRequest<{ readonly provider: string; readonly returnTo?: string }>,
): Promise<Reply> {
  const { provider, returnTo = "/" } = call.body;
  return await begin(call, { provider, returnTo, connects: null });
}

/** Begins to connect the account of the session with a provider. */
export async function connectAtProvider(call: PublicRequest<{ readonly provider: string }>): Promise<Reply> {
  const person = await personOf(call);
  if (person === null) throw new PosthornError("authentication_failed", "Sign in first.");
  return await begin(call, { provider: call.body.provider, returnTo: "/profile", connects: person.id });
}

async function begin(
  { services, request, response, publicUrl }: PublicRequest<unknown>,
  input: { readonly provider: string; readonly returnTo: string; readonly connects: string | null },
): Promise<Reply> {
  const { url, sealed, expiresAt } = await startAttempt(services, input);
  setAttemptCookie(request, response, publicUrl, {
    value: sealed,
    seconds: Math.ceil((expiresAt - services.now()) / 1000),
  });
  return ok({ url });
}

async function personOf(
  call: Pick<ProviderRequest, "request" | "authenticator" | "services">,
): Promise<Extract<Caller, { readonly kind: "user" }> | null> {
  const cookie = sessionCookie(call.request, call.services.rules.publicUrl());
  if (cookie === null) return null;
  const { actor } = await call.authenticator.identifySession(cookie);
  return actor.kind === "organisation" && actor.caller.kind === "user" ? actor.caller : null;
}

/** Completes what {@link begin} began, and shows the page where it began. A failure is shown by the sign-in page. */
export async function completeAtProvider(call: ProviderRequest): Promise<FastifyReply> {
  const { services, request, response } = call;
  const publicUrl = services.rules.publicUrl();
  clearAttemptCookie(request, response, publicUrl);
  try {
    return redirect(response, services, await complete(call, publicUrl));
  } catch (error) {
    const { status, json } = failureReply(error, request);
    setProblemCookie(request, response, publicUrl, json ?? String(status));
    return redirect(response, services, "/sign-in");
  }
}

/** Returns the path of the page to show. */
async function complete(call: ProviderRequest, publicUrl: string): Promise<string> {
  const { services, request, response } = call;
  const attempt = openAttempt(services, attemptCookie(request, publicUrl));
  const row = await enabledProvider(services, attempt.provider);
  const query = request.originalUrl.split("?")[1] ?? "";
  const callbackUrl = `${publicUrl}${CALLBACK_PATH}?${query}`;
  const identified = await services.identityProviders.complete(clientSettings({ services }, row), callbackUrl, attempt);
  if (attempt.connects !== null) {
    const person = await personOf(call);
    if (person?.id !== attempt.connects) {
      throw new PosthornError("link_invalid", "You have signed out, or signed in as someone else, in the meantime.");
    }
    await connectIdentity(services, row, identified, {
      personKey: person.key,
      sessionKey: person.sessionKey,
      client: attemptOf({ request, publicUrl }),
    });
    return attempt.returnTo;
  }
  const signedIn = await signInWithIdentity(services, row, identified, attemptOf({ request, publicUrl }));
  setCookies(request, response, publicUrl, signedIn, services.now());
  return attempt.returnTo;
}

/** Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0, section 2.7). */
export async function logoutByProvider({
  services,
  request,
  response,
  logouts,
}: ProviderRequest): Promise<FastifyReply> {
  void response.headers({ ...INERT, "cache-control": "no-store" });
  if (!logouts.take(request.ip)) return response.code(429).header("retry-after", "60").send();
  const { provider_id: id } = request.params as { readonly provider_id: string };
  const { logout_token: token } = ((request.body as ParsedBody | undefined)?.value ?? {}) as { logout_token?: unknown };
  try {
    const row = await enabledProvider(services, id);
    const logout = await services.identityProviders.verifyLogout(clientSettings({ services }, row), String(token));
    await endProviderSessions(services, row, logout);
    return response.code(200).send();
  } catch (error) {
    if (!(error instanceof PosthornError) || error.status >= 503) throw error;
    return response.code(400).send({ error: "invalid_request", error_description: error.message });
  }
}
