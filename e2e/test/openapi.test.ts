/** The OpenAPI document and the page that shows it. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, test } from "vitest";
import { MODELS, OPERATIONS, type Operation } from "../lib/inventory.ts";
import { useWorld } from "../lib/world.ts";

interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly $ref: string } }> };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { readonly schema: { readonly $ref: string } }> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Documented>>;
  readonly components: {
    readonly schemas: Record<string, { readonly properties?: Record<string, unknown>; readonly required?: string[] }>;
  };
}

const world = useWorld();
let document: Document;

beforeAll(async () => {
  document = (await world.api.get("/api/v1/openapi.json")).json;
});

const documented = ({ verb, path }: Operation): Documented => document.paths[path]![verb.toLowerCase()]!;
const all = (): [string, Documented][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]): [string, Documented] => [`${verb} ${path}`, operation]),
  );
const namesIn = ({ parameters = [] }: Documented, where: string): string[] =>
  parameters.filter((parameter) => parameter.in === where).map(({ name }) => name);
const CORE = OPERATIONS.filter(({ core }) => core);
const DOCUMENTED = CORE.map((operation) => Object.assign({ title: `${operation.verb} ${operation.path}` }, operation));

describe("the document", () => {
  test("is served without a token, as application/json without parameters", async () => {
    const { status, headers } = await world.api.get("/api/v1/openapi.json", { token: null });
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
  });

  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document) as unknown as Record<string, unknown>);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("has no dangling references", () => {
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references) {
      const name = /^"\$ref":"#\/components\/schemas\/([^"/]+)"$/.exec(reference)?.[1];
      expect([reference, Object.hasOwn(document.components.schemas, name ?? "")]).toEqual([reference, true]);
    }
  });

  test("defines a unique ID, a summary and all path parameters for every operation", () => {
    const ids = all().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [route, operation] of all()) {
      expect([route, operation.summary]).toEqual([route, expect.stringMatching(/./)]);
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
      expect([route, new Set(namesIn(operation, "path"))]).toEqual([route, new Set(inPath)]);
    }
  });

  test("gives every POST of the API the idempotency key", () => {
    for (const [route, operation] of all()) {
      // Receivers call the others, without a token. Repeating these calls changes nothing. Responses to people who are not signed in must
      // not be stored.
      const isPublic = /^post \/api\/v1\/(?:sign-in|sign-out|device\/(?:code|token))\b/.test(route);
      const wanted = /^post \/(?:api|ingest)\//.test(route) && !isPublic ? ["idempotency-key"] : [];
      expect([route, namesIn(operation, "header")]).toEqual([route, wanted]);
    }
  });

  test.each(DOCUMENTED)("has $title with its query parameters", (operation) => {
    expect(namesIn(documented(operation), "query")).toEqual(expect.arrayContaining([...operation.query]));
  });

  test.each(DOCUMENTED.filter(({ body }) => body !== null))(
    "has the required fields in the body of $title",
    (operation) => {
      const name = documented(operation).requestBody!.content["application/json"]!.schema.$ref.split("/").at(-1)!;
      const { properties = {}, required = [] } = document.components.schemas[name]!;
      const fields = Object.entries(MODELS[operation.body!]!.fields);
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(fields.map(([field]) => field)));
      const wanted = fields.filter(([, [, presence]]) => presence === "required").map(([field]) => field);
      // A message may have a raw body or the older name of `payload` instead, and an endpoint another kind of destination than a URL.
      const instead = operation.resource === "endpoint" ? ["payload", "url"] : ["payload"];
      expect(required).toEqual(expect.arrayContaining(wanted.filter((field) => !instead.includes(field))));
    },
  );

  test.each(DOCUMENTED)("has the responses of $title and every field that clients need of them", (operation) => {
    const { responses } = documented(operation);
    for (const [status, model] of Object.entries(operation.responses)) {
      expect(Object.keys(responses)).toContain(status);
      const name = responses[status]!.content?.["application/json"]?.schema.$ref.split("/").at(-1);
      expect(name ?? null).toBe(model);
      const fields = Object.entries(model === null ? {} : MODELS[model]!.fields);
      const required = fields.filter(([, [, presence]]) => presence === "required").map(([field]) => field);
      const given = model === null ? [] : (document.components.schemas[model]!.required ?? []);
      expect(given).toEqual(expect.arrayContaining(required));
    }
  });
});

describe("the page", () => {
  test("is HTML with a script and a document from this server", async () => {
    const page = await fetch(`${world.api.url}/docs/api`);
    const html = await page.text();
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => new URL(match[1]!, page.url));
    expect(loaded.length).toBeGreaterThan(0);
    for (const url of loaded) {
      expect(url.origin).toBe(new URL(world.api.url).origin);
      expect((await fetch(url)).status).toBe(200);
    }
    expect(html).toContain('"/api/v1/openapi.json"');
    expect(html).not.toMatch(/https?:\/\//);
  });

  test("forbids the browser to contact any other server", async () => {
    const { headers } = await fetch(`${world.api.url}/docs/api`);
    const policy = headers.get("content-security-policy") ?? "";
    const sources = policy.split(";").flatMap((directive) => directive.trim().split(" ").slice(1));
    expect(policy).toContain("default-src 'self'");
    const nonces = sources.filter((source) => source.startsWith("'nonce-"));
    expect(nonces).toHaveLength(2);
    expect(new Set(sources)).toEqual(new Set(["'self'", ...nonces, "data:", "blob:", "'none'"]));
  });
});
