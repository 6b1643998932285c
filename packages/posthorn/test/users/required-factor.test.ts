/** Organisations that require a second factor: at sign-in, in open sessions, and for each way to sign in. */
import { freePort } from "@posthorn/testkit";
import { SoftwareAuthenticator } from "@posthorn/testkit/authenticator";
import { type IdentityProvider, signInAtProvider, startIdentityProvider } from "@posthorn/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpAt } from "../../src/domain/user/totp.ts";
import { type BrowserReply, join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

const PASSWORD = "green-lanterns-drift-away";
const SECRET = "a secret of 32 characters, or more";

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let origin: string;
let owner: TestBrowser;
let organisation: string;
let idp: IdentityProvider;
let provider: Record<string, unknown>;
let people = 0;

beforeAll(async () => {
  const [port, idpPort] = [await freePort(), await freePort()];
  origin = `http://localhost:${port}`;
  const env = { POSTHORN_LISTEN: `127.0.0.1:${port}`, POSTHORN_PUBLIC_URL: origin };
  node = await startNode(folder.path, { clock, env });
  owner = await ownerOf(node);
  organisation = (await owner.send("GET", "session/current")).json["organisation"] as string;
  provider = (
    await owner.send("POST", "identity-provider", {
      name: "Acme",
      issuer: `http://127.0.0.1:${idpPort}`,
      clientId: "posthorn",
      clientSecret: SECRET,
      scopes: "openid profile email groups",
      roles: [{ group: "staff", role: "viewer" }],
    })
  ).json;
  idp = await startIdentityProvider({
    port: idpPort,
    clients: [
      {
        clientId: "posthorn",
        clientSecret: SECRET,
        redirectUri: String(provider["redirectUri"]),
        afterLogoutUri: String(provider["afterLogoutUri"]),
        backchannelUri: String(provider["logoutUri"]),
      },
    ],
    people: { gina: { name: "Gina", email: "gina@acme.example", email_verified: true, groups: ["staff"] } },
  });
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function require(requiresSecondFactor: boolean, browser = owner): Promise<BrowserReply> {
  return browser.send("PATCH", `organisation/${organisation}`, { requiresSecondFactor });
}

/** The code of the next step, because each works once. */
function code(secret: string): string {
  clock.advance(30_000);
  return totpAt(secret, Math.floor(clock.now() / 30_000));
}

async function setUpCodes(browser: TestBrowser, password = PASSWORD): Promise<string> {
  const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: password });
  const secret = json["secret"] as string;
  expect((await browser.send("POST", "profile/second-factor/confirm", { code: code(secret) })).status).toBe(200);
  return secret;
}

async function addPasskey(browser: TestBrowser): Promise<{ reply: BrowserReply; device: SoftwareAuthenticator }> {
  const device = new SoftwareAuthenticator(origin);
  const { json } = await browser.send("POST", "profile/passkey/options");
  const response = device.create(json["options"] as Parameters<SoftwareAuthenticator["create"]>[0]);
  return { device, reply: await browser.send("POST", "profile/passkey", { name: "Laptop", response }) };
}

async function member(): Promise<{ readonly browser: TestBrowser; readonly email: string }> {
  const email = `person${++people}@engines.example`;
  return { email, browser: await join(node, owner, { email, role: "developer" }) };
}

/** The codes of the responses to a read, a change, and an approval of a command line. */
async function codesOf(browser: TestBrowser): Promise<readonly unknown[]> {
  const replies = [
    await browser.send("GET", "app"),
    await browser.send("POST", "event-type", { name: `a.${++people}`, description: "" }),
    await browser.send("GET", "device/BCDF-GHJK"),
    await browser.send("PATCH", "profile", { name: "Other" }),
  ];
  return replies.map(({ status, json }) => (status < 300 ? status : json["code"]));
}

const REFUSED = new Array<string>(4).fill("second_factor_required");

describe("an organisation that requires a second factor", () => {
  it("can be configured only by a user who has one", async () => {
    const refused = await require(true);
    expect([refused.status, refused.json["code"]]).toEqual([403, "second_factor_required"]);
    const without = await member();
    await setUpCodes(owner, "quiet-otter-mends-lamps");
    const done = await require(true);
    expect([done.status, done.json["requiresSecondFactor"]]).toEqual([200, true]);
    const { json } = await owner.send("GET", "audit?limit=1&action=v1.organisation.patch");
    const [entry] = json["data"] as { detail: object }[];
    expect(entry!.detail).toMatchObject({
      changes: [{ field: "requiresSecondFactor", from: false, to: true }],
    });
    // The open session is limited as well.
    expect(await codesOf(without.browser)).toEqual(REFUSED);
    expect((await without.browser.send("GET", "session/current")).json["secondFactorRequired"]).toBe(true);
  });

  it("lets a user set up one-time codes, and then gives access", async () => {
    const { browser, email } = await member();
    expect(await codesOf(browser)).toEqual(REFUSED);
    expect((await browser.send("GET", "profile")).json["secondFactor"]).toBe(false);
    const secret = await setUpCodes(browser);
    expect((await browser.send("GET", "app")).status).toBe(200);
    expect((await browser.send("GET", "session/current")).json["secondFactorRequired"]).toBe(false);
    const again = new TestBrowser(node);
    const { json } = await again.signIn(email, PASSWORD);
    await again.send("POST", "sign-in/second-factor", { challenge: json["challenge"], code: code(secret) });
    expect((await again.send("GET", "app")).status).toBe(200);
  });

  it("accepts a passkey as a second factor, but not a password in addition", async () => {
    const { browser, email } = await member();
    const { device, reply } = await addPasskey(browser);
    expect(reply.status).toBe(201);
    expect((await browser.send("GET", "app")).status).toBe(200);
    const byPasskey = new TestBrowser(node);
    const { json } = await byPasskey.send("POST", "sign-in/passkey/options");
    await byPasskey.send("POST", "sign-in/passkey", {
      response: device.get(json["options"] as Parameters<SoftwareAuthenticator["get"]>[0]),
    });
    expect((await byPasskey.send("GET", "app")).status).toBe(200);

    const byPassword = new TestBrowser(node);
    await byPassword.signIn(email, PASSWORD);
    expect(await codesOf(byPassword)).toEqual(REFUSED);
    // An attacker who knows only the password cannot add their own factor.
    const codes = await byPassword.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    expect(codes.json["code"]).toBe("second_factor_required");
    expect((await addPasskey(byPassword)).reply.json["code"]).toBe("second_factor_required");
  });

  it("does not let a user remove the last factor", async () => {
    const { browser } = await member();
    const secret = await setUpCodes(browser);
    const refused = await browser.send("POST", "profile/second-factor/turn-off", { code: code(secret) });
    expect([refused.status, refused.json["code"]]).toEqual([409, "conflict"]);
    await addPasskey(browser);
    expect((await browser.send("POST", "profile/second-factor/turn-off", { code: code(secret) })).status).toBe(204);
    const { json } = await browser.send("GET", "profile/passkey");
    const [{ id }] = json["data"] as [{ id: string }];
    expect((await browser.send("DELETE", `profile/passkey/${id}`)).status).toBe(409);
  });

  it("trusts its own identity provider", async () => {
    const browser = new TestBrowser(node);
    const begun = await browser.send("POST", "sign-in/provider", { provider: provider["id"], returnTo: "/" });
    const callback = await signInAtProvider(String(begun.json["url"]), "gina", origin);
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const arrived = await fetch(callback, { redirect: "manual", headers: { cookie } });
    for (const line of arrived.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line)!;
      browser.cookies.set(name, value);
    }
    expect((await browser.send("GET", "app")).status).toBe(200);
  });

  it("does not affect tokens and API keys", async () => {
    const response = await fetch(`${node.url}/api/v1/app`, { headers: { authorization: `Bearer ${node.token}` } });
    expect(response.status).toBe(200);
  });

  it("gives all users access again when it no longer requires one", async () => {
    const { browser } = await member();
    expect((await browser.send("GET", "app")).status).toBe(403);
    expect((await require(false)).status).toBe(200);
    expect((await browser.send("GET", "app")).status).toBe(200);
  });
});
