import { describe, expect, it } from "vitest";
import { buildDocument } from "./document.ts";
import { ROUTES } from "./routes.ts";

// The server builds the document on first use, so that a mistake would show only there.
describe("the OpenAPI document", () => {
  it("has all routes, the health check, the streams, and the hub with its topics", async () => {
    const { paths } = (await buildDocument()) as { paths: Record<string, Record<string, { operationId: string }>> };
    const documented = Object.values(paths).flatMap((path) => Object.values(path).map((route) => route.operationId));
    const outsideOfRoutes = [
      "v1.health.get",
      "v1.live",
      "v1.feed.stream",
      "v1.endpoint.feed.stream",
      "websub.hub.request",
      "websub.topic.content",
      "endpoint.permission.open",
      "endpoint.permission.grant",
    ];
    const expected = [...ROUTES.map((route) => route.operationId), ...outsideOfRoutes];
    expect(documented.toSorted()).toEqual(expected.toSorted());
  });
});
