/**
 * A real identity provider (npm `oidc-provider`) on a loopback port. Its pages accept any name with any password. The test sets the claims
 * of each person.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Configuration, Provider } from "oidc-provider";

export interface IdentityClient {
  readonly clientId: string;
  /** `null`: a public client. */
  readonly clientSecret: string | null;
  readonly redirectUri: string;
  readonly afterLogoutUri: string;
  /** URL for back-channel logout. */
  readonly backchannelUri?: string;
}

/** Claims of people by the name with which they sign in, which is also their subject. */
export type People = Record<string, Readonly<Record<string, unknown>>>;

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Changes take effect with the next sign-in. */
  readonly people: People;
  /** While set, all requests get this status. */
  refuseWith: number | null;
}

export interface IdentityProviderOptions {
  readonly clients: readonly IdentityClient[];
  readonly people: People;
  readonly port?: number;
}

const CLAIMS = { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] };

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const server = createServer();
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people: People = { ...options.people };
  const provider = new Provider(issuer, configurationOf(options.clients, people));
  // Its pages are its own forms, and its warnings are about production.
  const handle = provider.callback();
  const identityProvider: IdentityProvider = {
    issuer,
    people,
    refuseWith: null,
    [Symbol.asyncDispose]: () => stop(server),
  };
  server.on("request", (request, response) => {
    if (identityProvider.refuseWith === null) void handle(request, response);
    else response.writeHead(identityProvider.refuseWith).end();
  });
  return identityProvider;
}

function configurationOf(clients: readonly IdentityClient[], people: People): Configuration {
  return {
    clients: clients.map(({ clientId, clientSecret, redirectUri, afterLogoutUri, backchannelUri }) => ({
      client_id: clientId,
      ...(clientSecret === null ? { token_endpoint_auth_method: "none" } : { client_secret: clientSecret }),
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [afterLogoutUri],
      ...(backchannelUri === undefined
        ? {}
        : { backchannel_logout_uri: backchannelUri, backchannel_logout_session_required: true }),
    })),
    claims: CLAIMS,
    scopes: ["openid", "profile", "email", "groups"],
    // In the ID token as well as in the user info, as most providers can be configured.
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
    cookies: { keys: ["a test"] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, Session: 3600 },
    // The client that is notified of a logout has a loopback address, which the provider's own dispatcher blocks.
    fetch: (url, { dispatcher: _guard, ...init }: RequestInit & { readonly dispatcher?: unknown } = {}) =>
      fetch(url, init),
  };
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

const MAX_HOPS = 12;

/**
 * Signs in at the provider as a browser would, without one: submits its forms until it redirects to the client. Returns that URL, which is
 * not requested.
 */
export async function signInAtProvider(
  url: string,
  login: string,
  clientUri: string,
  jar = new CookieJar(),
): Promise<string> {
  let request: { url: string; form: URLSearchParams | null } = { url, form: null };
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const response = await fetch(request.url, {
      redirect: "manual",
      headers: { cookie: jar.header },
      ...(request.form === null ? {} : { method: "POST", body: request.form }),
    });
    jar.keep(response);
    const location = response.headers.get("location");
    if (location !== null) {
      const next = new URL(location, request.url).href;
      if (next.startsWith(clientUri)) return next;
      request = { url: next, form: null };
      continue;
    }
    request = submitted(await response.text(), request.url, login);
  }
  throw new Error("The identity provider did not return to the client.");
}

/** The next form of its development pages: sign-in or consent. */
function submitted(html: string, url: string, login: string): { url: string; form: URLSearchParams } {
  const action = /<form[^>]*action="([^"]+)"/.exec(html)?.[1];
  const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1];
  if (action === undefined || prompt === undefined) throw new Error(`A page without a form: ${html.slice(0, 500)}`);
  const form = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
  return { url: new URL(action, url).href, form };
}

/** Cookies of one browser at one server. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  keep(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (value === "" || /;\s*max-age=0/i.test(cookie)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
  }
}
