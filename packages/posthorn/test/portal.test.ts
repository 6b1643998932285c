/** The API calls that only the portal makes. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let node: TestNode;
let tenant: Tenant;
const folder = temporaryFolder();

beforeAll(async () => {
  const env = {
    POSTHORN_PORTAL_NAME: "Shop",
    POSTHORN_PORTAL_COLOUR: "#0a7d5c",
    POSTHORN_PORTAL_DOCS: "https://shop.example/docs/webhooks",
  };
  node = await startNode(folder.path, { env });
  tenant = new Tenant(node);
  await tenant.setUp("http://127.0.0.1:9999/");
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

it("gets the application and capabilities of the token, its expiry, and the look of the portal", async () => {
  const body = { capabilities: ["ViewBase", "CreateAttempts"], expiry: 3600, sessionId: "user_42" };
  const { json } = await tenant.call("POST", "auth/app-portal-access/app", body);
  const { status, json: portal } = await new Tenant(node, json["token"] as string).call("GET", "portal");
  expect(status).toBe(200);
  expect(portal).toMatchObject({
    app: { uid: "app", name: "Test" },
    capabilities: ["ViewBase", "CreateAttempts"],
    sessionId: "user_42",
    look: { name: "Shop", colour: "#0a7d5c", logo: null, font: null },
    docsUrl: "https://shop.example/docs/webhooks",
  });
  const left = Date.parse(portal["expiresAt"] as string) - Date.now();
  expect(left).toBeGreaterThan(3_500_000);
  expect(left).toBeLessThanOrEqual(3_600_000);
});

it("rejects a token of the organisation, which belongs to no application", async () => {
  expect((await tenant.call("GET", "portal")).status).toBe(403);
});

it("puts the look of a link into its query, and the token only into its fragment", async () => {
  const look = { name: "A & B", colour: "#123456", theme: "dark", language: "de", logo: "https://a.example/l.svg" };
  const { json } = await tenant.call("POST", "auth/app-portal-access/app", { look });
  const url = new URL(json["url"] as string);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    name: "A & B",
    primaryColor: "#123456",
    darkMode: "true",
    lang: "de",
    icon: "https://a.example/l.svg",
  });
  expect(url.hash).toBe(`#key=${String(json["token"])}`);
});

it.each([
  ["a logo that is not https", { logo: "http://a.example/l.svg" }],
  ["a colour that is more than one", { colour: "red; background: url(//evil)" }],
  ["a font that ends the declaration", { font: "a; } body {" }],
])("rejects a look with %s", async (_, look) => {
  expect((await tenant.call("POST", "auth/app-portal-access/app", { look })).status).toBe(422);
});

it("checks a URL without revealing addresses, for tokens that may create endpoints", async () => {
  const url = "http://169.254.169.254/latest";
  const managing = await tenant.portal(["ViewBase", "ManageEndpoint"]);
  const { status, json, text } = await managing.call("POST", "app/app/check-url", { url });
  expect(status).toBe(200);
  expect(json).toEqual({ allowed: false, code: expect.any(String), message: expect.any(String) });
  expect(text).not.toContain("169.254");
  const looking = await tenant.portal(["ViewBase"]);
  expect((await looking.call("POST", "app/app/check-url", { url })).status).toBe(403);
});

it("lets a customer send an example to its own endpoint with only CreateAttempts", async () => {
  const path = "app/app/endpoint/ep/send-example";
  const body = { eventType: "posthorn.ping" };
  expect((await (await tenant.portal(["ViewBase", "CreateAttempts"])).call("POST", path, body)).status).toBe(202);
  expect((await (await tenant.portal(["ViewBase", "ManageEndpoint"])).call("POST", path, body)).status).toBe(403);
});
