/**
 * Session cookies: names, flags, and when they count.
 *
 * A cookie is honoured only for requests of our own pages. A request that changes something also needs the header `x-posthorn-csrf`, which
 * other origins cannot send, since CORS never allows them credentials.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { PosthornError } from "../../lib/errors.ts";

const SESSION = "posthorn_session";
const BROWSER = "posthorn_browser";
const ATTEMPT = "posthorn_provider";
const PROBLEM = "posthorn_problem";
const PROBLEM_SECONDS = 60;
/** Browsers accept a cookie with this prefix only over TLS, from this very host, and for all paths. */
const HOST_PREFIX = "__Host-";
/** How long a browser counts as known after a person signed in. */
const BROWSER_SECONDS = 31_536_000;
const CSRF_HEADER = "x-posthorn-csrf";

/** Whether the browser of this request uses TLS, as far as the server can tell. */
function isSecure(request: FastifyRequest, publicUrl: string): boolean {
  if (request.protocol === "https") return true;
  // A proxy in front terminates TLS, but is not trusted.
  const url = URL.parse(publicUrl);
  return url !== null && url.protocol === "https:" && url.host === request.host;
}

function nameOf(name: string, request: FastifyRequest, publicUrl: string): string {
  return isSecure(request, publicUrl) ? HOST_PREFIX + name : name;
}

function read(name: string, request: FastifyRequest, publicUrl: string): string | null {
  const wanted = `${nameOf(name, request, publicUrl)}=`;
  const part = (request.headers.cookie ?? "")
    .split(";")
    .map((text) => text.trim())
    .find((text) => text.startsWith(wanted));
  return part === undefined || part.length === wanted.length ? null : part.slice(wanted.length);
}

/** Value of the session cookie; `null`: there is none. */
export function sessionCookie(request: FastifyRequest, publicUrl: string): string | null {
  return read(SESSION, request, publicUrl);
}

/** Value of the cookie of a known browser; `null`: there is none. */
export function browserCookie(request: FastifyRequest, publicUrl: string): string | null {
  return read(BROWSER, request, publicUrl);
}

interface NewCookies {
  readonly session: { readonly secret: string; readonly expiresAt: number };
  /** `null`: unchanged. */
  readonly browser: string | null;
}

export function setCookies(
  request: FastifyRequest,
  response: FastifyReply,
  publicUrl: string,
  { session, browser }: NewCookies,
  now: number,
): void {
  const seconds = Math.max(0, Math.ceil((session.expiresAt - now) / 1000));
  const cookies = [cookie(SESSION, session.secret, seconds, request, publicUrl)];
  if (browser !== null) cookies.push(cookie(BROWSER, browser, BROWSER_SECONDS, request, publicUrl));
  void response.header("set-cookie", cookies);
}

export function clearSessionCookie(request: FastifyRequest, response: FastifyReply, publicUrl: string): void {
  void response.header("set-cookie", cookie(SESSION, "", 0, request, publicUrl));
}

function cookie(name: string, value: string, seconds: number, request: FastifyRequest, publicUrl: string): string {
  const secure = isSecure(request, publicUrl) ? "; Secure" : "";
  return `${nameOf(name, request, publicUrl)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}

/** Encrypted state of a sign-in at an identity provider; `null`: there is none. */
export function attemptCookie(request: FastifyRequest, publicUrl: string): string | null {
  return read(ATTEMPT, request, publicUrl);
}

export function setAttemptCookie(
  request: FastifyRequest,
  response: FastifyReply,
  publicUrl: string,
  { value, seconds }: { readonly value: string; readonly seconds: number },
): void {
  void response.header("set-cookie", cookie(ATTEMPT, value, seconds, request, publicUrl));
}

export function clearAttemptCookie(request: FastifyRequest, response: FastifyReply, publicUrl: string): void {
  void response.header("set-cookie", cookie(ATTEMPT, "", 0, request, publicUrl));
}

/** Passes the problem to the sign-in page in a cookie, which the page reads and removes. Not in the query, which anyone could forge. */
export function setProblemCookie(
  request: FastifyRequest,
  response: FastifyReply,
  publicUrl: string,
  json: string,
): void {
  const text = cookie(PROBLEM, encodeURIComponent(json), PROBLEM_SECONDS, request, publicUrl);
  void response.header("set-cookie", text.replace("; HttpOnly", ""));
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Throws `cross_origin` if another origin may have caused the request. Browsers send `Origin` with each request that is not GET or HEAD, and
 * `Sec-Fetch-Site` with all over TLS.
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string): void {
  const { headers, method } = request;
  const site = headers["sec-fetch-site"];
  const origin = headers.origin;
  const isUnsafe = !SAFE.has(method);
  if (site !== undefined && site !== "same-origin" && !(site === "none" && !isUnsafe)) throw crossOrigin();
  if (origin !== undefined && !isOwnOrigin(origin, request, publicUrl)) throw crossOrigin();
  if (!isUnsafe) return;
  if (headers[CSRF_HEADER] !== "1") {
    throw new PosthornError(
      "cross_origin",
      `Send the header ${CSRF_HEADER}: 1 with each request that changes something.`,
    );
  }
}

/** Like {@link requireSameOrigin}, for requests that are authenticated by a cookie: those must come from a browser that names their origin. */
export function requireOwnPage(request: FastifyRequest, publicUrl: string): void {
  requireSameOrigin(request, publicUrl);
  const { headers, method } = request;
  if (!SAFE.has(method) && headers["sec-fetch-site"] === undefined && headers.origin === undefined) throw crossOrigin();
}

function isOwnOrigin(origin: string, request: FastifyRequest, publicUrl: string): boolean {
  const secure = isSecure(request, publicUrl);
  return (
    origin === `${secure ? "https" : request.protocol}://${request.host}` || origin === URL.parse(publicUrl)?.origin
  );
}

function crossOrigin(): PosthornError {
  return new PosthornError(
    "cross_origin",
    "A session cookie counts only for requests of the pages of this server. Send a token in the header Authorization instead.",
  );
}

const OWN_COOKIE = /^(?:__Host-)?posthorn_(?:session|browser|provider|problem)=/;

/** Headers of a request to the URL of a source without our cookies: these would be stored and forwarded with the rest. */
export function withoutOwnCookies(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!];
    if (name.toLowerCase() !== "cookie") {
      kept.push(name, value);
      continue;
    }
    const others = value
      .split(";")
      .map((text) => text.trim())
      .filter((text) => !OWN_COOKIE.test(text));
    if (others.length > 0) kept.push(name, others.join("; "));
  }
  return kept;
}
