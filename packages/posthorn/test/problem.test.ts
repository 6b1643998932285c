/** Error responses in both formats, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";

const PROBLEM = "application/problem+json";
let folder: ReturnType<typeof temporaryFolder>;
let node: TestNode;

beforeAll(async () => {
  folder = temporaryFolder();
  node = await startNode(folder.path, {});
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly json: Record<string, unknown>;
}

async function post(path: string, body: string, accept: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json", accept };
  const response = await fetch(`${node.url}${path}`, { method: "POST", headers, body });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, type: response.headers.get("content-type"), json };
}

describe("problem details", () => {
  it("have the status, the code and the text of the error", async () => {
    await post("/api/v1/app", '{"name":"A","uid":"twice"}', "*/*");
    expect(await post("/api/v1/app", '{"name":"B","uid":"twice"}', PROBLEM)).toEqual({
      status: 409,
      type: PROBLEM,
      json: {
        type: "about:blank",
        title: "Conflict",
        status: 409,
        detail: expect.stringContaining("twice") as unknown,
        code: "conflict",
      },
    });
  });

  it("list the validation errors of a 422", async () => {
    const { json } = await post("/api/v1/app", '{"name":5}', `text/html, ${PROBLEM};q=0.5`);
    const { json: plain } = await post("/api/v1/app", '{"name":5}', "application/json");
    expect(json).toMatchObject({ status: 422, code: "validation", errors: plain["detail"] });
    expect(json["detail"]).toBe((plain["detail"] as { msg: string }[]).map(({ msg }) => msg).join(" "));
  });

  it("are sent for a publish, an unknown operation and a missing token too", async () => {
    // The second publish takes the short path, because the token is known by then.
    for (const path of ["/api/v1/app/none/msg", "/api/v1/app/none/msg", "/api/v1/nothing"]) {
      const { status, type } = await post(path, '{"eventType":"a.b","payload":{}}', PROBLEM);
      expect([status, type]).toEqual([404, PROBLEM]);
    }
    const response = await fetch(`${node.url}/api/v1/app`, { headers: { accept: PROBLEM } });
    expect([response.status, response.headers.get("content-type")]).toEqual([401, PROBLEM]);
  });

  it.each(["application/json", "*/*", `${PROBLEM};q=0`, "application/problem+jsonx"])(
    "are not sent to a client that accepts %s",
    async (accept) => {
      const { type, json } = await post("/api/v1/app/none/msg", '{"eventType":"a.b","payload":{}}', accept);
      expect([type, Object.keys(json)]).toEqual(["application/json", ["code", "detail"]]);
    },
  );
});
