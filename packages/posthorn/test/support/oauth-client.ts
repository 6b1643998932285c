/** A client of the authorization server for tests: it registers itself, and the person's browser decides without a page. */
import { createHash, randomBytes } from "node:crypto";
import type { TestBrowser } from "./browser-session.ts";

export interface OAuthReply {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly scope: string;
}

export const CALLBACK = "http://127.0.0.1/callback";

export class OAuthClient {
  readonly #url: string;
  readonly #clientId: string;
  readonly verifier = randomBytes(32).toString("base64url");

  private constructor(url: string, clientId: string) {
    this.#url = url;
    this.#clientId = clientId;
  }

  static async register(node: { readonly url: string }, metadata: object = {}): Promise<OAuthClient> {
    const body = { client_name: "Test client", redirect_uris: [CALLBACK], ...metadata };
    const { status, json } = await sendJson(`${node.url}/oauth/register`, body);
    if (status !== 201) throw new Error(JSON.stringify(json));
    return new OAuthClient(node.url, String(json["client_id"]));
  }

  get id(): string {
    return this.#clientId;
  }

  /** Query of the consent page. `null` omits a parameter. */
  query(changes: Readonly<Record<string, string | null>> = {}): string {
    const parameters = {
      response_type: "code",
      client_id: this.#clientId,
      redirect_uri: CALLBACK,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      state: "a state",
      resource: `${this.#url}/mcp`,
      ...changes,
    };
    const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== null);
    return new URLSearchParams(given).toString();
  }

  /** Redirect target of the browser after the person has decided. */
  async decide(browser: TestBrowser, { write = false, approve = true, query = this.query() } = {}): Promise<URL> {
    const body = { request: query, approve, write };
    const { status, json } = await browser.send("POST", "connected-client/authorization", body);
    if (status !== 200) throw new Error(JSON.stringify(json));
    return new URL(String(json["redirectTo"]));
  }

  async code(
    browser: TestBrowser,
    options: { readonly write?: boolean; readonly query?: string } = {},
  ): Promise<string> {
    return (await this.decide(browser, options)).searchParams.get("code")!;
  }

  exchange(code: string, changes: Readonly<Record<string, string>> = {}): Promise<OAuthReply> {
    return this.token({
      grant_type: "authorization_code",
      code,
      redirect_uri: CALLBACK,
      code_verifier: this.verifier,
      resource: `${this.#url}/mcp`,
      ...changes,
    });
  }

  refresh(token: string, changes: Readonly<Record<string, string>> = {}): Promise<OAuthReply> {
    return this.token({ grant_type: "refresh_token", refresh_token: token, ...changes });
  }

  token(fields: Readonly<Record<string, string>>): Promise<OAuthReply> {
    return sendForm(`${this.#url}/oauth/token`, { client_id: this.#clientId, ...fields });
  }

  revoke(token: string): Promise<OAuthReply> {
    return sendForm(`${this.#url}/oauth/revoke`, { client_id: this.#clientId, token });
  }

  async connect(browser: TestBrowser, write = false): Promise<Tokens> {
    return tokensOf(await this.exchange(await this.code(browser, { write })));
  }
}

export function tokensOf({ status, json }: OAuthReply): Tokens {
  if (status !== 200) throw new Error(JSON.stringify(json));
  return { access: String(json["access_token"]), refresh: String(json["refresh_token"]), scope: String(json["scope"]) };
}

export function sendJson(url: string, body: unknown): Promise<OAuthReply> {
  return sent(url, { headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

function sendForm(url: string, fields: Readonly<Record<string, string>>): Promise<OAuthReply> {
  return sent(url, { body: new URLSearchParams(fields) });
}

async function sent(url: string, init: RequestInit): Promise<OAuthReply> {
  const response = await fetch(url, { method: "POST", ...init });
  return { status: response.status, json: (await response.json()) as OAuthReply["json"], headers: response.headers };
}
