import { SEVERAL_ORGANISATIONS } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { organisationToken } from "../src/cli/token/create.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const SECRET = "a secret of at least thirty-two characters";
const folder = temporaryFolder();
let node: TestNode;
let organisations = 0;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { ...SEVERAL_ORGANISATIONS, POSTHORN_JWT_SECRET: SECRET } });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** An organisation without event types. */
async function fresh(): Promise<Tenant> {
  const id = `org_${String(++organisations).padStart(27, "0")}`;
  return new Tenant(node, await organisationToken(SECRET, id));
}

interface Imported {
  modified: string[];
  to_modify: { name: string; schemas: Record<string, Record<string, unknown>> | null }[] | null;
  archived: string[];
  unchanged: string[];
}

async function load(tenant: Tenant, body: object): Promise<Imported> {
  const { status, json, text } = await tenant.call("POST", "event-type/import/openapi", body);
  if (status !== 200) throw new Error(text);
  return json["data"] as Imported;
}

async function refused(body: object): Promise<readonly [number, string[] | undefined, string | undefined]> {
  const { status, json } = await (await fresh()).call("POST", "event-type/import/openapi", body);
  const [issue] = (json["detail"] ?? []) as { loc: string[]; msg: string }[];
  return [status, issue?.loc, issue?.msg];
}

const hook = (schema: object, more: object = {}): object => ({
  post: { summary: "S", requestBody: { content: { "application/json": { schema } } }, ...more },
});

const spec = (webhooks: object, more: object = {}): object => ({ openapi: "3.1.0", webhooks, ...more });

async function schemaOf(webhook: object, more?: object): Promise<Record<string, unknown>> {
  const { to_modify } = await load(await fresh(), { spec: spec({ "a.b": webhook }, more), dryRun: true });
  return to_modify![0]!.schemas!["1"]!;
}

describe("an import", () => {
  it("creates an event type for each webhook, and has nothing to do the second time", async () => {
    const tenant = await fresh();
    const webhooks = {
      "user.created": hook({ type: "object" }, { description: "A user was made.", tags: ["user"] }),
      "user.gone": hook({ type: "object" }, { deprecated: true }),
      "no.body": { post: { summary: "Nothing" } },
    };
    expect((await load(tenant, { spec: spec(webhooks) })).modified).toEqual(["user.created", "user.gone", "no.body"]);
    expect((await tenant.call("GET", "event-type/user.created")).json).toMatchObject({
      description: "A user was made.",
      groupName: "user",
      schemas: { 1: { type: "object" } },
    });
    expect((await tenant.call("GET", "event-type/user.gone")).json).toMatchObject({ deprecated: true });
    expect((await tenant.call("GET", "event-type/no.body")).json).toMatchObject({ schemas: null });
    expect(await load(tenant, { spec: spec(webhooks) })).toMatchObject({
      modified: [],
      unchanged: Object.keys(webhooks),
    });
  });

  it("has the same result for JSON text, YAML text and x-webhooks", async () => {
    const document = spec({ "a.b": hook({ type: "string" }) });
    const yaml = [
      "openapi: 3.0.3",
      "x-webhooks:",
      "  a.b:",
      "    post:",
      "      summary: S",
      "      requestBody: { content: { application/json: { schema: { type: string } } } }",
    ].join("\n");
    const results = await Promise.all(
      [{ spec: document }, { specRaw: JSON.stringify(document) }, { specRaw: yaml }].map(async (body) =>
        load(await fresh(), { ...body, dryRun: true }),
      ),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it("in a dry run changes nothing and reports what it would do", async () => {
    const tenant = await fresh();
    await tenant.call("POST", "event-type", { name: "old", description: "" });
    const result = await load(tenant, { spec: spec({ new: hook({}) }), dryRun: true, replaceAll: true });
    expect(result).toMatchObject({ modified: ["new", "old"], archived: ["old"], to_modify: [{ name: "new" }] });
    expect((await tenant.call("GET", "event-type/new")).status).toBe(404);
    expect((await tenant.call("GET", "event-type/old")).json["archived"]).toBe(false);
  });

  it("with replaceAll archives event types that the document does not contain, and restores those that it contains", async () => {
    const tenant = await fresh();
    await load(tenant, { spec: spec({ a: hook({}), b: hook({}) }) });
    expect((await load(tenant, { spec: spec({ b: hook({}) }), replaceAll: true })).archived).toEqual(["a"]);
    expect((await tenant.call("GET", "event-type/a")).json["archived"]).toBe(true);
    expect((await load(tenant, { spec: spec({ a: hook({}) }) })).modified).toEqual(["a"]);
    expect((await tenant.call("GET", "event-type/a")).json["archived"]).toBe(false);
    expect((await tenant.call("GET", "event-type/b")).json["archived"]).toBe(false);
  });

  it("keeps other versions of schemas and feature flags", async () => {
    const tenant = await fresh();
    await tenant.call("POST", "event-type", { name: "a", description: "", schemas: { 2: {} }, featureFlags: ["f"] });
    await load(tenant, { spec: spec({ a: hook({ type: "object" }) }) });
    expect((await tenant.call("GET", "event-type/a")).json).toMatchObject({
      schemas: { 1: { type: "object" }, 2: {} },
      featureFlags: ["f"],
    });
  });

  it("is atomic: one invalid schema fails it and is named", async () => {
    const tenant = await fresh();
    const body = { spec: spec({ good: hook({}), bad: hook({ type: "no such type" }) }) };
    const { status, json } = await tenant.call("POST", "event-type/import/openapi", body);
    expect([status, (json["detail"] as { loc: string[] }[])[0]!.loc]).toEqual([
      422,
      ["body", "spec", "webhooks", "bad"],
    ]);
    expect((await tenant.call("GET", "event-type/good")).status).toBe(404);
  });

  it("is rejected for a token of an application", async () => {
    const tenant = await fresh();
    await tenant.call("POST", "app", { name: "A", uid: "app" });
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    expect((await portal.call("POST", "event-type/import/openapi", { spec: spec({ a: hook({}) }) })).status).toBe(403);
  });
});

describe("an imported schema", () => {
  it("includes referenced schemas, even references to itself", async () => {
    const components = {
      schemas: {
        Node: {
          type: "object",
          properties: { next: { $ref: "#/components/schemas/Node" }, leaf: { $ref: "#/components/schemas/Leaf" } },
        },
        Leaf: { type: "string" },
        Unused: { type: "number" },
      },
    };
    const webhook = hook({ $ref: "#/components/schemas/Node" });
    expect(await schemaOf(webhook, { components })).toEqual({
      allOf: [{ $ref: "#/definitions/Node" }],
      definitions: {
        Node: {
          type: "object",
          properties: { next: { $ref: "#/definitions/Node" }, leaf: { $ref: "#/definitions/Leaf" } },
        },
        Leaf: { type: "string" },
      },
    });
  });

  it("follows references of webhooks and bodies", async () => {
    const components = {
      pathItems: { Hook: { post: { requestBody: { $ref: "#/components/requestBodies/Body" } } } },
      requestBodies: { Body: { content: { "application/json; charset=utf-8": { schema: { type: "null" } } } } },
    };
    expect(await schemaOf({ $ref: "#/components/pathItems/Hook" }, { components })).toEqual({ type: "null" });
  });

  it("converts OpenAPI 3.0 keywords to draft 7, and keeps examples to send", async () => {
    const webhook = {
      post: {
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: {
                  a: { type: "string", nullable: true, example: "x" },
                  b: { type: "number", minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
                  nullable: { type: "boolean" },
                },
              },
              example: { a: "y" },
            },
          },
        },
      },
    };
    expect(await schemaOf(webhook)).toEqual({
      type: "object",
      properties: {
        a: { type: ["string", "null"], examples: ["x"] },
        b: { type: "number", exclusiveMinimum: 0, maximum: 9 },
        nullable: { type: "boolean" },
      },
      examples: [{ a: "y" }],
    });
  });
});

describe("a document is rejected with 422 for", () => {
  const deep = (levels: number): object => (levels === 0 ? {} : { properties: { a: deep(levels - 1) } });
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    .concat(
      "bcdefghi"
        .split("")
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[index]}`).join(",")}]`),
    )
    .join("\n");

  const longList = (length: number) => Array.from({ length }, (_, n) => `value ${n}`);
  const manyTimes = (times: number, schema: object) =>
    Object.fromEntries(
      Array.from({ length: times }, (_, n) => [`a${n}`, hook({ $ref: "#/webhooks/s/schema" })]).concat([
        ["s", { ...hook({}), schema }],
      ]),
    );

  it.each<[string, object, string[]]>([
    ["none at all", {}, ["body", "spec"]],
    ["two", { spec: {}, specRaw: "{}" }, ["body", "specRaw"]],
    ["text that is neither", { specRaw: "{ a: [" }, ["body", "specRaw"]],
    ["a version of before", { spec: { swagger: "2.0" } }, ["body", "spec", "openapi"]],
    ["no webhooks", { spec: { openapi: "3.1.0", paths: {} } }, ["body", "spec", "webhooks"]],
    ["a name with a space", { spec: spec({ "a b": hook({}) }) }, ["body", "spec", "webhooks", "a b"]],
    ["no operation", { spec: spec({ a: {} }) }, ["body", "spec", "webhooks", "a"]],
    ["aliases that grow", { specRaw: bomb }, ["body", "specRaw"]],
    ["an alias of itself", { specRaw: "openapi: 3.1.0\nwebhooks: &a\n  b: *a" }, ["body", "specRaw", "webhooks", "b"]],
    ["YAML of a megabyte", { specRaw: `a: ${"x".repeat(1024 * 1024)}` }, ["body", "specRaw"]],
    ["YAML with a key twice", { specRaw: "openapi: 3.1.0\nopenapi: 3.0.0\n" }, ["body", "specRaw"]],
    [
      "JSON that is nested too deeply",
      { specRaw: `${"[".repeat(100_000)}${"]".repeat(100_000)}` },
      ["body", "specRaw"],
    ],
    ["YAML that is nested too deeply", { specRaw: "[".repeat(200_000) }, ["body", "specRaw"]],
    ["too many lists", { spec: { a: Array.from({ length: 1_000_001 }, () => []) } }, ["body", "spec"]],
    ["schemas that add up to too much", { spec: spec(manyTimes(200, { enum: longList(15_000) })) }, ["body", "spec"]],
    [
      "a reference to a URL",
      { spec: spec({ a: hook({ $ref: "https://example.com/a.json" }) }) },
      ["body", "spec", "webhooks", "a", "post", "requestBody", "content", "application/json", "schema"],
    ],
    [
      "a reference to nothing",
      { spec: spec({ a: hook({ $ref: "#/components/schemas/toString" }) }) },
      ["body", "spec", "webhooks", "a", "post", "requestBody", "content", "application/json", "schema"],
    ],
    [
      "a circle of references",
      { spec: spec({ a: { $ref: "#/webhooks/b" }, b: { $ref: "#/webhooks/a" } }) },
      ["body", "spec", "webhooks", "a"],
    ],
    [
      "more than 1,000 webhooks",
      { spec: spec(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`a${i}`, {}]))) },
      ["body", "spec", "webhooks"],
    ],
  ])("%s", async (_title, body, loc) => {
    expect((await refused(body)).slice(0, 2)).toEqual([422, loc]);
  });

  it("a schema that is nested too deeply", async () => {
    const [status, , message] = await refused({ spec: spec({ a: hook(deep(110)) }) });
    expect([status, message]).toEqual([422, "Schemas can be up to 100 levels deep."]);
  });
});

describe("while a document that is expensive to read is being imported", () => {
  it.each([
    ["many keys", Array.from({ length: 15_000 }, (_, n) => `k${n}: 1`).join("\n")],
    ["many escapes in keys", Array.from({ length: 15_000 }, (_, n) => `"\\u0041${n}": 1`).join("\n")],
  ])("other requests are answered: YAML with %s", async (_what, specRaw) => {
    const tenant = await fresh();
    const order: string[] = [];
    const imported = tenant
      .call("POST", "event-type/import/openapi", { specRaw, dryRun: true })
      .finally(() => order.push("import"));
    // The first requests may arrive before the import; the others arrive while the document is being read.
    for (let n = 0; n < 4; n++) {
      expect((await fetch(`${node.url}/health/live`)).ok).toBe(true);
      order.push("live");
    }
    expect((await imported).status).toBe(422);
    expect(order).toEqual(["live", "live", "live", "live", "import"]);
  });
});

describe("the schemas of an event type", () => {
  const create = async (schemas: unknown) =>
    (await fresh()).call("POST", "event-type", { name: "a", description: "", schemas });

  it("can have a long enum", async () => {
    expect((await create({ 1: { enum: Array.from({ length: 20_000 }, (_, n) => n) } })).status).toBe(201);
  });

  it("can have 256 KiB in total", async () => {
    const half = { description: "x".repeat(140 * 1024) };
    expect((await create({ 1: half })).status).toBe(201);
    expect(await create({ 1: half, 2: half })).toMatchObject({ status: 422 });
  });
});
