import { describe, expect, it } from "vitest";
import { buildDocument, publishedDocument } from "./document.ts";
import { LIST_EXPORTS } from "./list-export/lists.ts";
import { ROUTES } from "./routes.ts";
import { PUBLIC_ROUTES } from "./session/public-routes.ts";

// The server builds the document on first use, so that mistakes would only be found then.
describe("the OpenAPI document", () => {
  it("has all routes, the health check, the streams, the hub with its topics, and sign-in", async () => {
    const { paths } = (await buildDocument()) as { paths: Record<string, Record<string, { operationId: string }>> };
    const documented = Object.values(paths).flatMap((path) => Object.values(path).map((route) => route.operationId));
    const withoutRoute = [
      "v1.health.get",
      "v1.live",
      "v1.relay.socket",
      "v1.relay.stream",
      "v1.audit.export",
      ...LIST_EXPORTS.map(({ name }) => `v1.export.${name}`),
      "v1.feed.stream",
      "v1.endpoint.feed.stream",
      "websub.hub.request",
      "websub.topic.content",
      "endpoint.permission.open",
      "endpoint.permission.grant",
      ...PUBLIC_ROUTES.map((route) => route.operationId),
    ];
    const expected = [...ROUTES.map((route) => route.operationId), ...withoutRoute];
    expect(documented.toSorted()).toEqual(expected.toSorted());
  });

  it("has a description, tags that are declared, security and an error for each operation", async () => {
    const { paths, tags } = (await publishedDocument("https://posthorn.test")) as Document;
    const declared = new Set(tags.map(({ name }) => name));
    const faults = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const missing = [
          ...((operation.description ?? "") === "" || operation.description === operation.summary
            ? ["description"]
            : []),
          ...operation.tags.filter((tag) => !declared.has(tag)).map((tag) => `tag ${tag}`),
          ...(operation.security === undefined ? ["security"] : []),
          ...(Object.keys(operation.responses).some((status) => status.startsWith("4")) ? [] : ["4xx response"]),
        ];
        return missing.map((what) => `${method} ${path}: no ${what}`);
      }),
    );
    expect(faults).toEqual([]);
  });

  it("declares tags that are used, and models that an operation refers to", async () => {
    const document = (await publishedDocument("https://posthorn.test")) as Document;
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const used = new Set(operations.flatMap(({ tags }) => tags));
    expect(document.tags.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
    const text = JSON.stringify(document);
    const unused = Object.keys(document.components.schemas).filter(
      (id) => !text.includes(`"#/components/schemas/${id}"`),
    );
    expect(unused).toEqual([]);
    expect(text).not.toContain("x-documented-as");
  });
});

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly tags: readonly { readonly name: string }[];
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly responses: Record<string, unknown>;
}
