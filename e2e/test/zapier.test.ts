/** The trigger of the documentation, run by Zapier's platform library as Zapier runs it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@posthorn/testkit";
import { requireOracle, resolveOracle } from "@posthorn/testkit/oracles";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const require = createRequire(import.meta.url);
const PAGE = fileURLToPath(new URL("../../docs/features/rest-hooks.md", import.meta.url));
const EVENT = "order.paid";

interface ZapierApp {
  readonly authentication: { readonly test: object };
  readonly triggers: Readonly<Record<string, { readonly operation: Readonly<Record<string, () => unknown>> }>>;
}

let folder: string;
let app: ZapierApp;
let tester: (step: unknown, bundle: object) => Promise<unknown>;
let authData: { readonly token: string };

/** Loads the code of the page with another server address. */
async function appOfPage(url: string): Promise<ZapierApp> {
  const code = /^```js[^\n]*\n(.*?)^```/ms.exec(await readFile(PAGE, "utf8"))![1]!;
  const path = join(folder, "index.cjs");
  const platform = JSON.stringify(resolveOracle("zapier-platform-core"));
  await writeFile(join(folder, "package.json"), '{"version":"1.0.0"}');
  await writeFile(
    path,
    code
      .replace(/^const url = ".*?";/m, `const url = ${JSON.stringify(url)};`)
      .replace('require("zapier-platform-core")', `require(${platform})`),
  );
  return require(path) as ZapierApp;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "posthorn-zapier-"));
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  const schemas = { 1: { type: "object", properties: { id: { type: "string" }, amount: { type: "integer" } } } };
  await world.api.post("/api/v1/event-type", { name: EVENT, description: "Paid.", schemas });
  const { json } = await world.api.post("/api/v1/app/acme/rest-hook-token", {});
  authData = { token: json["token"] as string };
  app = await appOfPage(`${world.server.url}/api/v1/app/acme/rest-hook`);
  const { createAppTester } = requireOracle<{ createAppTester(app: ZapierApp): typeof tester }>("zapier-platform-core");
  tester = createAppTester(app);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const operation = () => Object.values(app.triggers)[0]!.operation;
const run = (step: unknown, bundle: object = {}): Promise<unknown> => tester(step, { authData, ...bundle });
const hooks = async (): Promise<unknown> => (await world.api.get("/api/v1/app/acme/rest-hook")).json["data"];

it("connects with a token for REST hooks, and with no other", async () => {
  await expect(run(app.authentication.test)).resolves.toBeDefined();
  await expect(run(app.authentication.test, { authData: { token: "sk_hook_wrong" } })).rejects.toThrow("401");
});

it("gets the example of the event type as a sample, and the newest payload once there is one", async () => {
  const [example] = (await run(operation()["performList"])) as readonly Record<string, unknown>[];
  expect(Object.keys(example!)).toEqual(["id", "amount"]);
  const payload = { id: "order-1", amount: 5 };
  await world.api.post("/api/v1/app/acme/msg", { eventType: EVENT, payload });
  expect(await run(operation()["performList"])).toEqual([payload]);
});

it("subscribes a URL, receives the event as the input of the Zap, and unsubscribes", async () => {
  const targetUrl = `${world.receiver.url}/hooks/standard/1/a/`;
  const subscribeData = (await run(operation()["performSubscribe"], { targetUrl })) as { readonly id: string };
  expect(await hooks()).toMatchObject([{ id: subscribeData.id, targetUrl, eventTypes: [EVENT] }]);
  const payload = { id: "order-2", amount: 7 };
  await world.api.post("/api/v1/app/acme/msg", { eventType: EVENT, payload });
  const { body } = await world.receiver.waitFor(({ path }) => path === "/hooks/standard/1/a/");
  const cleanedRequest = JSON.parse(body.toString()) as object;
  expect(await run(operation()["perform"], { cleanedRequest })).toEqual([payload]);

  await run(operation()["performUnsubscribe"], { targetUrl, subscribeData });
  expect(await hooks()).toEqual([]);
  // Zapier repeats it if it did not see the response.
  await expect(run(operation()["performUnsubscribe"], { targetUrl, subscribeData })).resolves.toEqual({});
});

it("is unsubscribed when Zapier responds with 410 because the Zap was turned off", async () => {
  world.receiver.respondWith(410);
  await run(operation()["performSubscribe"], { targetUrl: `${world.receiver.url}/hooks/standard/1/off/` });
  await world.api.post("/api/v1/app/acme/msg", { eventType: EVENT, payload: { id: "order-3", amount: 9 } });
  await eventually(async () => expect(await hooks()).toEqual([]), { timeoutMs: 60_000 });
});
