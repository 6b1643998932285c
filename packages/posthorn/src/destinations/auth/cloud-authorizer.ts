/** Authenticates requests to AWS, Google and Azure only with the credentials of the configuration. */
import type { AwsAuth, AwsRole, KindAuth, KindRequest, KindResponse } from "../kind.ts";
import { xmlText } from "../xml-text.ts";
import type { AuthContext, AuthorizedRequest, AuthResult, KindAuthorizer } from "./authorizer.ts";
import { assumeRole, roleParts } from "./aws-role.ts";
import { awsHeaders, type AwsCredentials } from "./aws-signature.ts";
import { sharedAccessSignature, sharedKey } from "./azure.ts";
import { fetchGoogleToken, googleParts, isAllowedTokenUrl, readServiceAccount } from "./google-token.ts";
import { TokenCache, type TokenFailure } from "./token-cache.ts";
import { refused } from "./token-response.ts";
import { boundedCache } from "../../lib/bounded-cache.ts";

export interface CloudAuthorizerOptions {
  /** URLs that Google key files may name as `token_uri`, in addition to Google's own. */
  readonly googleTokenUrls?: readonly string[];
  /** Clock in milliseconds that does not follow changes of the time of day. Default: `performance.now`. */
  readonly monotonic?: () => number;
}

const SECRET_HEADERS = ["authorization", "x-amz-security-token"] as const;
/** AWS accepts dates that differ by up to 5 or 15 minutes. A smaller difference does not explain a refusal. */
const MIN_SKEW_MS = 60_000;
const MAX_HOSTS = 1000;
/** Temporary credentials that have expired, or that their role no longer grants. */
const TOKEN_ERROR =
  /\b(?:ExpiredToken(?:Exception)?|InvalidAccessKeyId|InvalidClientTokenId|InvalidToken|TokenRefreshRequired|UnrecognizedClientException)\b/;
const DATE_ERROR =
  /\b(?:RequestTimeTooSkewed|RequestExpired)\b|Signature (?:expired: |not yet current: )|The difference between the request time and the current time/;

const utf8 = new TextDecoder();

export class CloudAuthorizer implements KindAuthorizer {
  readonly #roles: TokenCache<AwsCredentials>;
  readonly #googleTokens: TokenCache<string>;
  readonly #googleTokenUrls: readonly string[];
  /** How far the clocks of AWS hosts are ahead of ours, in milliseconds. Only for hosts that refused our date. */
  readonly #skews = boundedCache<string, number>(MAX_HOSTS);

  constructor({ googleTokenUrls = [], monotonic }: CloudAuthorizerOptions = {}) {
    this.#roles = new TokenCache(monotonic);
    this.#googleTokens = new TokenCache(monotonic);
    this.#googleTokenUrls = googleTokenUrls;
  }

  authorize(request: KindRequest, auth: KindAuth, context: AuthContext): Promise<AuthResult> | AuthResult {
    switch (auth.type) {
      case "aws":
        return auth.role === null
          ? this.#signed(request, auth, { credentials: auth, now: context.now })
          : this.#aws(request, auth, { role: auth.role, context });
      case "google":
        return this.#google(request, auth, context);
      case "azure-sas":
        return withHeaders(request, ["authorization", sharedAccessSignature(auth, context.now)]);
      case "azure-shared-key": {
        const dated = ["x-ms-date", new Date(context.now).toUTCString()];
        const complete = { ...request, headers: [...request.headers, ...dated] };
        return withHeaders(request, [...dated, "authorization", sharedKey(complete, auth.account, auth.key)]);
      }
    }
  }

  isOutdated(request: KindRequest, auth: KindAuth, response: KindResponse, now: number): boolean {
    const { status } = response;
    if (auth.type === "google") {
      const account = status === 401 ? readServiceAccount(auth.credentialsJson) : null;
      return account !== null && typeof account !== "string"
        ? this.#googleTokens.drop(googleParts(account, auth.scope))
        : false;
    }
    if (auth.type !== "aws" || (status !== 400 && status !== 401 && status !== 403)) return false;
    const text = `${response.headers["x-amzn-errortype"] ?? ""} ${utf8.decode(response.body)}`;
    if (DATE_ERROR.test(text)) return this.#learnSkew(request.url, response, now);
    return auth.role !== null && TOKEN_ERROR.test(text) ? this.#roles.drop(roleParts(auth, auth.role)) : false;
  }

  async #aws(
    request: KindRequest,
    auth: AwsAuth,
    { role, context }: { readonly role: AwsRole; readonly context: AuthContext },
  ): Promise<AuthResult> {
    const credentials = await this.#roleCredentials(auth, role, context);
    return "kind" in credentials ? credentials : this.#signed(request, auth, { credentials, now: context.now });
  }

  /** @param now Unix milliseconds, by our clock. */
  #signed(
    request: KindRequest,
    auth: AwsAuth,
    { credentials, now }: { readonly credentials: AwsCredentials; readonly now: number },
  ): AuthorizedRequest {
    return withHeaders(request, awsHeaders(request, auth, credentials, now + this.#skewOf(request.url)));
  }

  async #roleCredentials(auth: AwsAuth, role: AwsRole, context: AuthContext): Promise<AwsCredentials | TokenFailure> {
    const outcome = await this.#roles.get(roleParts(auth, role), context, async () => {
      const first = await assumeRole(auth, role, { ...context, now: context.now + this.#skewOf(role.stsUrl) });
      if (first.kind !== "wrong_date") return first;
      const { response, refusal } = first;
      if (!this.#learnSkew(role.stsUrl, response, context.now)) return refusal;
      const second = await assumeRole(auth, role, { ...context, now: context.now + this.#skewOf(role.stsUrl) });
      return second.kind === "wrong_date" ? second.refusal : second;
    });
    return outcome.kind === "token" ? outcome.token : outcome;
  }

  async #google(
    request: KindRequest,
    { credentialsJson, scope }: Extract<KindAuth, { readonly type: "google" }>,
    context: AuthContext,
  ): Promise<AuthResult> {
    const account = readServiceAccount(credentialsJson);
    if (typeof account === "string") return refused(account);
    if (!isAllowedTokenUrl(account.tokenUrl, this.#googleTokenUrls)) {
      return refused(
        'The "token_uri" of the key file is not Google\'s. Enter a key file of Google Cloud, or ask the operator to allow this URL.',
      );
    }
    const outcome = await this.#googleTokens.get(googleParts(account, scope), context, () =>
      fetchGoogleToken(account, scope, context),
    );
    return outcome.kind === "token" ? withHeaders(request, ["authorization", `Bearer ${outcome.token}`]) : outcome;
  }

  #skewOf(url: string): number {
    if (this.#skews.size === 0) return 0;
    return this.#skews.get(new URL(url).host) ?? 0;
  }

  /** Returns whether the clock of the host differs from the one that the request was signed by. */
  #learnSkew(url: string, response: Pick<KindResponse, "headers" | "body">, now: number): boolean {
    const theirs = Date.parse(response.headers["date"] ?? xmlText(utf8.decode(response.body), "ServerTime") ?? "");
    if (!Number.isFinite(theirs)) return false;
    const skew = theirs - now;
    if (Math.abs(skew - this.#skewOf(url)) < MIN_SKEW_MS) return false;
    this.#skews.set(new URL(url).host, skew);
    return true;
  }
}

function withHeaders({ url, headers }: KindRequest, added: readonly string[]): AuthorizedRequest {
  return { kind: "authorized", url, headers: [...headers, ...added], secretHeaders: SECRET_HEADERS };
}
