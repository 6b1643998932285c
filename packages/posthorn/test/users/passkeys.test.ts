/** Passkeys, with an authenticator in software: requests of an honest browser, and of an attacker. */
import { freePort } from "@posthorn/testkit";
import { type Deviation, type RequestOptions, SoftwareAuthenticator } from "@posthorn/testkit/authenticator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrowserReply, join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

type Json = Record<string, unknown>;

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let origin: string;
let people = 0;

beforeAll(async () => {
  const port = await freePort();
  origin = `http://localhost:${port}`;
  const env = { POSTHORN_LISTEN: `127.0.0.1:${port}`, POSTHORN_PUBLIC_URL: origin };
  node = await startNode(folder.path, { clock, env });
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function add(browser: TestBrowser, device: SoftwareAuthenticator, deviation?: Deviation): Promise<BrowserReply> {
  const { json } = await browser.send("POST", "profile/passkey/options");
  const response = device.create(json["options"] as Parameters<SoftwareAuthenticator["create"]>[0], deviation);
  return await browser.send("POST", "profile/passkey", { name: "Laptop", response });
}

async function options(browser: TestBrowser): Promise<RequestOptions> {
  return (await browser.send("POST", "sign-in/passkey/options")).json["options"] as RequestOptions;
}

async function signIn(device: SoftwareAuthenticator, deviation?: Deviation, browser = new TestBrowser(node)) {
  return await browser.send("POST", "sign-in/passkey", { response: device.get(await options(browser), deviation) });
}

async function newPerson(name: string): Promise<{ browser: TestBrowser; device: SoftwareAuthenticator }> {
  const browser = await join(node, owner, { email: `${name}@engines.example`, role: "viewer" });
  const device = new SoftwareAuthenticator(origin);
  expect((await add(browser, device)).status).toBe(201);
  return { browser, device };
}

describe("a passkey", () => {
  it("signs a person in without a password, and counts as a second factor", async () => {
    const { device } = await newPerson("anna");
    const fresh = new TestBrowser(node);
    expect((await signIn(device, {}, fresh)).json).toMatchObject({ status: "signed_in" });
    expect((await fresh.send("GET", "session/current")).json["user"]).toMatchObject({ email: "anna@engines.example" });
    const [session] = (await fresh.send("GET", "session")).json["data"] as Json[];
    expect(session).toMatchObject({ secondFactor: true });
  });

  it("is listed, renamed and removed, and then no longer accepted", async () => {
    const { browser, device } = await newPerson("bob");
    const [passkey] = (await browser.send("GET", "profile/passkey")).json["data"] as Json[];
    expect(passkey).toMatchObject({ name: "Laptop", synced: false, lastUsedAt: null });
    const path = `profile/passkey/${String(passkey!["id"])}`;
    expect((await browser.send("PATCH", path, { name: "Phone" })).json["name"]).toBe("Phone");
    await signIn(device);
    const [used] = (await browser.send("GET", "profile/passkey")).json["data"] as Json[];
    expect(used!["lastUsedAt"]).not.toBeNull();
    expect((await browser.send("DELETE", path)).status).toBe(204);
    expect((await signIn(device)).json["code"]).toBe("sign_in_failed");
  });

  it("of another person cannot be seen, renamed or removed", async () => {
    const { browser } = await newPerson("carol");
    const [passkey] = (await browser.send("GET", "profile/passkey")).json["data"] as Json[];
    const path = `profile/passkey/${String(passkey!["id"])}`;
    expect((await owner.send("GET", "profile/passkey")).json["data"]).toEqual([]);
    expect((await owner.send("PATCH", path, { name: "Mine" })).status).toBe(404);
    expect((await owner.send("DELETE", path)).status).toBe(404);
  });

  it("of a disabled person is rejected", async () => {
    const { browser, device } = await newPerson("dora");
    const { user } = (await browser.send("GET", "session/current")).json as { user: { id: string } };
    await owner.send("PATCH", `user/${user.id}`, { disabled: true });
    expect((await signIn(device)).json["code"]).toBe("sign_in_failed");
  });
});

describe("an authenticator response", () => {
  it.each<[string, Deviation]>([
    ["of another origin", { origin: "https://evil.example" }],
    ["for another host", { host: "evil.example" }],
    ["of a device that did not verify its user", { verifiesUser: false }],
    ["to a challenge that the server did not make", { challenge: Buffer.from("1.2.3").toString("base64url") }],
  ])("%s is rejected, to sign in and to add a passkey", async (_title, deviation) => {
    const { device, browser } = await newPerson(`eve${++people}`);
    const refused = await signIn(device, deviation);
    expect([refused.status, refused.json["code"]]).toEqual([403, "sign_in_failed"]);
    expect((await add(browser, new SoftwareAuthenticator(origin), deviation)).status).toBeGreaterThanOrEqual(403);
    expect((await signIn(device)).status).toBe(200);
  });

  it("works once", async () => {
    const { device } = await newPerson("fred");
    const browser = new TestBrowser(node);
    // Like that of a synced passkey, whose counter would not reveal the repetition.
    const response = device.get(await options(browser), { counter: 0 });
    const send = (): Promise<BrowserReply> => new TestBrowser(node).send("POST", "sign-in/passkey", { response });
    expect((await send()).status).toBe(200);
    expect((await send()).json["code"]).toBe("sign_in_failed");
  });

  it("to a challenge of more than five minutes ago is rejected", async () => {
    const { device } = await newPerson("gina");
    const browser = new TestBrowser(node);
    const response = device.get(await options(browser));
    clock.advance(300_001);
    const late = await browser.send("POST", "sign-in/passkey", { response });
    expect(late.json["code"]).toBe("sign_in_failed");
  });

  it("to the challenge of another person cannot add a passkey to an account", async () => {
    const { browser } = await newPerson("hans");
    const { json } = await owner.send("POST", "profile/passkey/options");
    const response = new SoftwareAuthenticator(origin).create(json["options"] as never);
    expect((await browser.send("POST", "profile/passkey", { name: "Foreign", response })).status).toBe(403);
  });

  it("of the same key cannot be registered by two accounts, nor by a token", async () => {
    const { browser } = await newPerson("ines");
    const device = new SoftwareAuthenticator(origin);
    const answer = async (of: TestBrowser): Promise<BrowserReply> => {
      const { json } = await of.send("POST", "profile/passkey/options");
      return await of.send("POST", "profile/passkey", {
        name: "One",
        response: device.create(json["options"] as never),
      });
    };
    expect((await answer(browser)).status).toBe(201);
    const headers = { authorization: `Bearer ${node.token}` };
    expect((await new TestBrowser(node).raw("POST", "profile/passkey/options", {}, headers)).status).toBe(403);
  });

  it.each([{}, { id: 5 }, { id: "x", response: {} }, { id: "x", response: { clientDataJSON: "!!" } }])(
    "%j is rejected without a server error",
    async (response) => {
      const refused = await new TestBrowser(node).send("POST", "sign-in/passkey", { response });
      expect(refused.status).toBeLessThan(500);
      expect(refused.status).toBeGreaterThanOrEqual(400);
    },
  );
});

it("a server without a host name says that passkeys need one", async () => {
  using other = temporaryFolder();
  await using plain = await startNode(other.path, {});
  const person = await ownerOf(plain);
  const refused = await person.send("POST", "profile/passkey/options");
  expect([refused.status, refused.json["code"]]).toEqual([409, "passkeys_unavailable"]);
});
