/** Deliveries have the user agent that the operator has set, or a neutral one, so that customers do not see the name of Posthorn. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { envToConfig } from "../src/config/config.ts";
import { readEnv } from "../src/config/env.ts";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const NAME = "Acme-Webhooks/1.0 (+https://acme.example)";

/** The headers of a delivery, of one to a destination with its own body format, and of an endpoint verification. */
async function headersOf(env: Record<string, string>): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver({ response: { status: 204 } }));
  const folder = stack.use(temporaryFolder());
  const tenant = new Tenant(stack.use(await startNode(folder.path, { env })));
  await tenant.call("POST", "app", { name: "Acme", uid: "acme" });
  const { json } = await tenant.call("POST", "app/acme/endpoint", { url: `${receiver.url}/plain` });
  await tenant.call("POST", "app/acme/endpoint", { kind: "mattermost", config: { url: `${receiver.url}/shaped` } });
  await tenant.call("POST", "app/acme/msg", { eventType: "a", payload: {} });
  await tenant.call("POST", `app/acme/endpoint/${String(json["id"])}/verify`, { method: "challenge" });
  const paths = () => new Set(receiver.requests.map(({ path }) => path));
  await eventually(() => expect(paths().size).toBe(2));
  return receiver.requests.map(({ headers }) => headers);
}

describe("the user agent of deliveries", () => {
  it("is that of the setting, and then no header names Posthorn", async () => {
    const requests = await headersOf({ POSTHORN_USER_AGENT: NAME });
    expect(requests.map((headers) => headers["user-agent"])).toEqual(requests.map(() => NAME));
    expect(JSON.stringify(requests).toLowerCase()).not.toContain("posthorn");
  });

  it("does not name Posthorn by default", async () => {
    const requests = await headersOf({});
    expect(requests.map((headers) => headers["user-agent"])).toEqual(requests.map(() => "Webhooks/1.0"));
    expect(JSON.stringify(requests).toLowerCase()).not.toContain("posthorn");
  });

  it.each(["Acme\r\nx-injected: 1", "Acmé", "a".repeat(201)])(
    "is rejected if it is not a header value: %j",
    (value) => {
      expect(() => envToConfig(readEnv({ environment: { POSTHORN_USER_AGENT: value } }))).toThrow(
        "POSTHORN_USER_AGENT",
      );
    },
  );
});
