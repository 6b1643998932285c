/** No response to a caller without `payloads:read` contains a value of a payload. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/api/routes.ts";
import { ROLE_PERMISSIONS } from "../../src/domain/role.ts";
import type { Tenant } from "../support/tenant.ts";
import { type AccessScene, CANARY, startAccessScene } from "./scene.ts";

let scene: AccessScene;

beforeAll(async () => {
  scene = await startAccessScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

/** The responses of all GET routes, and of `more`, with the data of the scene. */
async function answers(caller: Pick<Tenant, "at">, more: readonly string[] = []): Promise<readonly Answer[]> {
  const paths = new Set<string>();
  for (const { method, path } of ROUTES) {
    if (method !== "GET") continue;
    for (const params of scene.params) {
      const query = path.endsWith("/key/state") || path.endsWith("/key-state") ? `?key=${CANARY}` : "";
      paths.add(path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? "anything") + query);
    }
  }
  const all: Answer[] = [];
  for (const path of [...paths, ...more]) {
    const { status, text } = await caller.at("", "GET", path.slice(1));
    all.push({ path, status, text });
  }
  return all;
}

const leaking = (all: readonly Answer[]): readonly Answer[] => all.filter(({ text }) => text.includes(CANARY));

describe("payloads in the responses of all GET routes", () => {
  it("are shown to a key that may read them", async () => {
    const shown = leaking(await answers(await scene.keyWith(null)));
    expect(shown.length).toBeGreaterThan(20);
  });

  it.each(["support", "viewer", "auditor"] as const)("are not shown to the role %s", async (role) => {
    const all = await answers(await scene.keyWith([...ROLE_PERMISSIONS[role]]));
    expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(60);
    expect(leaking(all)).toEqual([]);
    expect(all.filter(({ status }) => status >= 500)).toEqual([]);
  });

  it.each(["support", "viewer", "auditor"] as const)(
    "are not shown to a person with the role %s, in the organisation or in one application",
    async (role) => {
      for (const app of [null, "app"]) {
        const all = await answers(await scene.sessionWith(role, app));
        expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(app === null ? 60 : 20);
        expect(leaking(all)).toEqual([]);
        expect(all.filter(({ status }) => status >= 500)).toEqual([]);
      }
    },
  );

  it.each(["support", "viewer", "auditor"] as const)(
    "are not shown to a key of one application with the permissions of %s",
    async (role) => {
      const all = await answers(await scene.keyWith([...ROLE_PERMISSIONS[role]], ["app"]));
      expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(20);
      expect(leaking(all)).toEqual([]);
    },
  );

  it("are not shown to a key with every permission except payloads:read", async () => {
    const scopes = [...ROLE_PERMISSIONS.owner].filter((permission) => permission !== "payloads:read");
    expect(leaking(await answers(await scene.keyWith(scopes)))).toEqual([]);
  });
});

describe("the structure of a payload", () => {
  const message = () => `app/app/msg/${scene.params[0]!["msg_id"]!}`;

  it("is shown to support", async () => {
    const { json } = await (await scene.keyWith([...ROLE_PERMISSIONS.support])).call("GET", message());
    expect(json["payload"]).toEqual({ name: "<string>", "***1": { list: ["<string>"] }, n: "<number>" });
  });

  it("is not shown to viewers", async () => {
    const { json } = await (await scene.keyWith([...ROLE_PERMISSIONS.viewer])).call("GET", message());
    expect(json["payload"]).toEqual({});
  });
});

describe("a caller that may not see payloads", () => {
  let support: Tenant;
  beforeAll(async () => {
    support = await scene.keyWith([...ROLE_PERMISSIONS.support]);
  });

  it.each([
    ["searches them", "GET", "message?text=abc", undefined],
    ["tests a filter on them", "POST", "filter/explain", { filter: {}, message: "x" }],
    ["tries a filter on recent ones", "POST", "app/app/endpoint/ep/filter/dry-run", {}],
    ["tests the filter of an endpoint on them", "POST", "app/app/endpoint/ep/filter/explain", {}],
    ["tests a transformation on them", "POST", "app/app/endpoint/ep/try", {}],
    ["evaluates a watch on them", "POST", "app/app/watch/dry-run", {}],
    ["lists the keys of a watch", "GET", "app/app/watch/watch/key", undefined],
    ["reads them in a feed", "GET", "app/app/endpoint/ep/stream", undefined],
  ])("is refused when it %s", async (_name, method, path, body) => {
    const { status, text } = await support.call(method, path, body);
    expect([status, text]).toEqual([expect.any(Number), expect.not.stringContaining(CANARY)]);
    expect([403, 404]).toContain(status);
  });

  it.each(["endpoint/ep/test", "endpoint/ep/send-example"])("gets no payload from %s", async (path) => {
    const { status, text } = await support.call("POST", `app/app/${path}`, { eventType: "order.made" });
    expect(status).toBeLessThan(500);
    expect(text).not.toContain(CANARY);
  });

  it("gets no payload back that it publishes", async () => {
    const key = await scene.keyWith(["messages:publish"]);
    for (const _ of [1, 2]) {
      const { json } = await key.call("POST", "app/app/msg", { eventType: "order.made", payload: { name: CANARY } });
      expect(json["payload"]).toEqual({});
    }
  });
});

describe("the URL of a source", () => {
  it("is shown to callers that may read secrets, and to no others", async () => {
    const path = `source/${scene.params[0]!["source_id"]!}`;
    const { json } = await scene.owner.at("ingest/api/v1", "GET", path);
    const viewer = await scene.keyWith([...ROLE_PERMISSIONS.viewer]);
    expect(json["ingestUrl"]).toMatch(/\/in\/[0-9a-f]{40}$/);
    expect((await viewer.at("ingest/api/v1", "GET", path)).json["ingestUrl"]).toMatch(/^https?:\/\/[^/]+\/\*\*\*$/);
  });
});
