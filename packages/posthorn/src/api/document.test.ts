import { describe, expect, it } from "vitest";
import { buildDocument } from "./document.ts";
import { ROUTES } from "./routes.ts";

// The server builds the document on first use, so that a mistake would show only there.
describe("the OpenAPI document", () => {
  it("has all routes, the health check and the live stream", async () => {
    const { paths } = (await buildDocument()) as { paths: Record<string, Record<string, { operationId: string }>> };
    const documented = Object.values(paths).flatMap((path) => Object.values(path).map((route) => route.operationId));
    const expected = [...ROUTES.map((route) => route.operationId), "v1.health.get", "v1.live"];
    expect(documented.toSorted()).toEqual(expected.toSorted());
  });
});
