/** Each template, created on a running node: its endpoint receives the requests of the examples, and nothing else. */
import { isNightly, onPostgres } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CATEGORIES, exampleValues } from "../../src/templates/template.ts";
import { TEMPLATES } from "../../src/templates/templates.ts";
import { TestGateway } from "../support/gateway.ts";
import { TemplateScene } from "./template-scene.ts";

/** Templates differ in rules and texts, but are stored in the same way, so a few of them suffice on PostgreSQL. */
const TESTED = Object.entries(TEMPLATES).slice(0, onPostgres && !isNightly ? 3 : undefined);

describe.each(TESTED)("the template %s", (id, template) => {
  it("sends the requests of its examples to its endpoint", async () => {
    await using scene = await TemplateScene.start();
    const { gateway } = scene.scene;
    for (const example of template.examples) {
      const received = await scene.run(id, template, example);
      const types = [];
      for (const { id: message } of received) types.push(await typeOf(gateway, message));
      expect({ example: example.title, types: types.toSorted() }).toEqual({
        example: example.title,
        types: example.receives.toSorted(),
      });
    }
  });
});

async function typeOf(gateway: TestGateway, id: string): Promise<string> {
  const row = await gateway.node.services.store.db
    .selectFrom("message")
    .select("event_type")
    .where("public_id", "=", id)
    .executeTakeFirstOrThrow();
  return row.event_type;
}

describe("the templates", () => {
  it("cover each field of use, and have an example with an event and one without", () => {
    expect(new Set(Object.values(TEMPLATES).map(({ category }) => category))).toEqual(new Set(Object.keys(CATEGORIES)));
    for (const { title, examples } of Object.values(TEMPLATES)) {
      expect([title, examples.some(({ receives }) => receives.length > 0)]).toEqual([title, true]);
      expect([title, examples.some(({ receives }) => receives.length === 0)]).toEqual([title, true]);
    }
  });

  it("have forms that are valid when filled with their defaults and examples", () => {
    for (const [id, template] of Object.entries(TEMPLATES)) {
      const values = exampleValues(template);
      const required = Object.entries(template.fields).filter(([, { required: isRequired }]) => isRequired);
      expect([id, required.filter(([name]) => values[name] === undefined)]).toEqual([id, []]);
      expect([id, Object.keys(template.fields)[0]]).toEqual([id, "name"]);
    }
  });
});

describe("templates over HTTP", () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await TestGateway.start();
    await gateway.call("POST", "api/v1/app", { name: "Shop", uid: "shop" });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const URL = "https://hooks.example.com/a";
  const count = async (): Promise<readonly number[]> => {
    const { db } = gateway.node.services.store;
    const tables = ["source", "watch", "endpoint", "event_type", "application"] as const;
    return Promise.all(
      tables.map(async (table) => {
        const row = await db
          .selectFrom(table)
          .select((eb) => eb.fn.countAll<number>().as("n"))
          .executeTakeFirstOrThrow();
        return row.n;
      }),
    );
  };

  it("are listed with their forms, what they create and their examples", async () => {
    const { json } = await gateway.call("GET", "api/v1/template");
    const list = json["data"] as readonly Record<string, unknown>[];
    expect(list.map(({ id }) => id)).toEqual(Object.keys(TEMPLATES));
    expect(list.find(({ id }) => id === "inventory-level")).toMatchObject({
      title: "Low stock",
      category: "commerce",
      categoryTitle: "E-commerce and payments",
      needsApplication: false,
      available: true,
      creates: { source: { kind: "http", type: "http" }, watch: { emits: "stock.low" } },
      fields: expect.arrayContaining([expect.objectContaining({ name: "destinationUrl", required: true })]) as unknown,
    });
    expect((await gateway.call("GET", "api/v1/template/error-rate")).json).toEqual(
      list.find(({ id }) => id === "error-rate"),
    );
    expect((await gateway.call("GET", "api/v1/template/nothing")).status).toBe(404);
  });

  it("can be previewed, which stores nothing and shows no secret", async () => {
    const before = await count();
    const values = {
      token: "secret-token-of-shop",
      url: "https://shop.example.com/stock",
      destination: "slack",
      destinationUrl: `${URL}/secret-path`,
    };
    const { status, json, text } = await gateway.call("POST", "api/v1/template/inventory-level/dry-run", { values });
    expect({ status, json }).toMatchObject({
      status: 200,
      json: {
        source: { kind: "http", config: { url: "https://shop.example.com/stock", emit: "always" } },
        watch: { emit: { type: "stock.low" }, rule: { when: { below: 5 }, until: { above: 9 } } },
        endpoint: { kind: "slack", eventTypes: ["stock.low.raised", "stock.low.reminded", "stock.low.cleared"] },
      },
    });
    expect(text).not.toContain("secret-token-of-shop");
    expect(text).not.toContain("secret-path");
    expect(await count()).toEqual(before);
  });

  it("create all objects or none", async () => {
    const before = await count();
    // The endpoint, which is created last, is rejected, because Slack has https URLs.
    const values = { destinationUrl: "http://hooks.example.com/a" };
    const refused = await gateway.call("POST", "api/v1/template/error-rate/instantiate", { app: "shop", values });
    expect(refused).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "values", "destinationUrl"] }] } });
    expect(await count()).toEqual(before);
  });

  it("use event types that exist", async () => {
    const values = { destinationUrl: URL };
    const create = () => gateway.call("POST", "api/v1/template/error-rate/instantiate", { app: "shop", values });
    expect(await create()).toMatchObject({
      status: 201,
      json: {
        source: null,
        watch: { emit: { type: "errors.high" } },
        eventTypes: [{ isNew: true }, { isNew: true }, { isNew: true }],
      },
    });
    expect(await create()).toMatchObject({
      status: 201,
      json: { eventTypes: [{ name: "error.logged", isNew: false }, { isNew: false }, { isNew: false }] },
    });
  });

  it.each([
    ["a missing value", "error-rate", { app: "shop", values: {} }, ["body", "values", "destinationUrl"]],
    [
      "an unknown value",
      "error-rate",
      { app: "shop", values: { destinationUrl: URL, limt: 3 } },
      ["body", "values", "limt"],
    ],
    [
      "values that contradict each other",
      "inventory-level",
      { values: { url: URL, destinationUrl: `${URL}b`, low: "20" } },
      ["body", "values", "restocked"],
    ],
    [
      "a path that is not valid JSONPath",
      "sensor-threshold",
      { values: { token: "0123456789abcdef", value: "$.[", destinationUrl: URL } },
      ["body", "values", "value"],
    ],
    [
      "an invalid pattern",
      "container-push",
      { values: { tags: "v(", destinationUrl: URL } },
      ["body", "values", "tags"],
    ],
    [
      "a URL that the chat does not have",
      "content-published",
      { values: { url: URL, destinationUrl: "http://hooks.example.com/b" } },
      ["body", "values", "destinationUrl"],
    ],
    ["no application", "error-rate", { values: { destinationUrl: URL } }, ["body", "app"]],
    [
      "an application that it does not need",
      "refund",
      { app: "shop", values: { destinationUrl: URL } },
      ["body", "app"],
    ],
  ])("reject %s with its field in the form", async (_what, id, body, loc) => {
    for (const operation of ["dry-run", "instantiate"]) {
      const response = await gateway.call("POST", `api/v1/template/${id}/${operation}`, body);
      expect(response).toMatchObject({ status: 422, json: { detail: [{ loc }] } });
    }
  });

  it("are available to the organisation, and not to tokens of an application", async () => {
    const access = await gateway.call("POST", "api/v1/auth/app-portal-access/shop", {});
    const token = String(access.json["token"]);
    const response = await fetch(`${gateway.node.url}/api/v1/template`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(403);
  });
});
