/** Query parameters that an operation does not have, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";

const HEADER = "posthorn-warning";
const folder = temporaryFolder();
let node: TestNode;

beforeAll(async () => {
  node = await startNode(folder.path);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${node.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json", origin: "https://a.example" },
  });

describe("an unknown query parameter", () => {
  it.each(["/api/v1/cluster?foo=1", "/api/v1/replay?limt=1", "/api/v1/live?foo=1", "/api/v1/cluster?__proto__=1"])(
    "causes a 422 on an operation of Posthorn: %s",
    async (path) => {
      const response = await call(path);
      expect(response.status).toBe(422);
      const name = new URL(path, node.url).searchParams.keys().next().value;
      expect(await response.json()).toMatchObject({ detail: [{ loc: ["query", name], type: "value_error" }] });
    },
  );

  it("is named in a header on the compatible API, and the request continues", async () => {
    const list = await call("/api/v1/app?limit=1&fo%0ao=1");
    expect([list.status, list.headers.get(HEADER)]).toEqual([200, 'unknown query parameter "fo%0Ao"']);
    expect(list.headers.get("access-control-expose-headers")).toContain(HEADER);
    const made = await call("/api/v1/app?new_in_a_later_sdk=1", { method: "POST", body: '{"name": "A"}' });
    expect([made.status, made.headers.get(HEADER)]).toEqual([201, 'unknown query parameter "new_in_a_later_sdk"']);
    const failed = await call("/api/v1/app/none?foo=1");
    expect([failed.status, failed.headers.get(HEADER)]).toEqual([404, 'unknown query parameter "foo"']);
    expect((await call("/api/v1/app?limit=1&order=ascending")).headers.get(HEADER)).toBeNull();
  });

  it("of an unauthenticated caller is not checked", async () => {
    const response = await fetch(`${node.url}/api/v1/cluster?foo=1`);
    expect(response.status).toBe(401);
  });

  it("is described in the OpenAPI document, as a 422 or as the header", async () => {
    interface Operation {
      readonly operationId: string;
      readonly responses: Record<string, { headers?: Record<string, { schema: object }>; content?: object }>;
    }
    const document = (await (await call("/api/v1/openapi.json")).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    const operations = new Map(
      Object.values(document.paths)
        .flatMap((path) => Object.values(path))
        .map((operation) => [operation.operationId, operation]),
    );
    const list = operations.get("v1.application.list")!.responses["200"]!;
    expect(list.headers?.[HEADER]?.schema).toEqual({ type: "string" });
    expect(list.content).toBeDefined();
    expect(operations.get("v1.application.delete")!.responses["204"]!.headers).toHaveProperty(HEADER);
    expect(operations.get("v1.live")!.responses).toHaveProperty("422");
    const own = [...operations.values()].find(({ responses }) =>
      Object.entries(responses).every(([status, { headers }]) => Number(status) >= 300 || headers === undefined),
    );
    expect(own!.responses).toHaveProperty("422");
  });
});
