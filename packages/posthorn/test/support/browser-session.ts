/** A browser for tests of sign-in: keeps cookies, and sends the headers that a page of the server would send. */
import type { Services } from "../../src/domain/context.ts";
import { createSetupLink } from "../../src/domain/user/start-links.ts";

export interface BrowserReply {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly headers: Headers;
}

export const OWNER = { email: "ada@engines.example", name: "Ada Lovelace", password: "quiet-otter-mends-lamps" };

export class TestBrowser {
  readonly #url: string;
  readonly cookies = new Map<string, string>();

  constructor(node: { readonly url: string }) {
    this.#url = node.url;
  }

  /** Request of a page of the server. */
  send(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<BrowserReply> {
    return this.raw(method, path, body, { "x-posthorn-csrf": "1", origin: this.#url, ...headers });
  }

  /** Request with the cookies and only these headers. */
  async raw(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<BrowserReply> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${this.#url}/api/v1/${path}`, {
      method,
      headers: {
        ...(cookie === "" ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]!.split("=");
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    return {
      status: response.status,
      json: (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown>,
      headers: response.headers,
    };
  }

  signIn(email: string, password: string, headers: Record<string, string> = {}): Promise<BrowserReply> {
    return this.send("POST", "sign-in", { email, password }, headers);
  }
}

/** The code in a link. */
export function codeOf(link: unknown): string {
  return String(link).split("#code=")[1]!;
}

/** A browser in which the owner of a new server is signed in. */
export async function ownerOf(node: {
  readonly url: string;
  readonly token: string;
  readonly services: Services;
}): Promise<TestBrowser> {
  // Creates the organisation of the token, which is then also that of the owner.
  await fetch(`${node.url}/api/v1/app`, { headers: { authorization: `Bearer ${node.token}` } });
  const browser = new TestBrowser(node);
  const code = codeOf(await createSetupLink(node.services));
  const { status } = await browser.send("POST", "sign-in/set-up", { code, ...OWNER });
  if (status !== 200) throw new Error(`The owner could not be created: ${status}.`);
  return browser;
}

/** Invites a person, and returns a browser in which they are signed in. */
export async function join(
  node: { readonly url: string },
  owner: TestBrowser,
  fields: { readonly email: string; readonly role: string; readonly app?: string },
  password = "green-lanterns-drift-away",
): Promise<TestBrowser> {
  const { json, status } = await owner.send("POST", "invitation", fields);
  if (status !== 201) throw new Error(`The invitation was refused: ${JSON.stringify(json)}.`);
  const browser = new TestBrowser(node);
  const name = fields.email.split("@")[0]!;
  const accepted = await browser.send("POST", "sign-in/invitation/accept", {
    code: codeOf(json["url"]),
    name,
    password,
  });
  if (accepted.status !== 200) throw new Error(`The invitation was not accepted: ${JSON.stringify(accepted.json)}.`);
  return browser;
}
