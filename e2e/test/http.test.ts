/** HTTP behaviour that clients in nine languages rely on, and that no single SDK covers. */
import { request } from "node:http";
import { connect } from "node:net";
import { eventually, uid } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { UNSUPPORTED } from "../lib/inventory.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
let app: string;

beforeAll(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Wire" })).json.id;
});

describe("paths", () => {
  test.each([
    ["with a slash at the end", (id: string) => `/api/v1/app/${id}/`],
    ["with two slashes at the beginning", (id: string) => `//api/v1/app/${id}`],
    ["with both", (id: string) => `//api/v1/app/${id}/`],
    ["with a query after a slash", (id: string) => `/api/v1/app/${id}/?unknown=1`],
  ])("%s have the same response", async (_title, path) => {
    const { status, json } = await world.api.get(path(app));
    expect([status, json.id]).toEqual([200, app]);
  });

  test("a publish with two slashes and one at the end is stored", async () => {
    const { status } = await world.api.post(`//api/v1/app/${app}/msg/`, { eventType: "a", payload: {} });
    expect(status).toBe(202);
  });

  test("parameters may be percent-encoded", async () => {
    const eventId = uid("a.b");
    await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {}, eventId });
    const { status, json } = await world.api.get(`/api/v1/app/${app}/msg/${eventId.replaceAll(".", "%2E")}`);
    expect([status, json.eventId]).toEqual([200, eventId]);
  });

  test("a parameter that is not valid percent-encoding gets a JSON response", async () => {
    const { status } = await world.api.get("/api/v1/app/%zz");
    expect(status).toBe(400);
  });

  test("a parameter of 4,000 characters gets a JSON response", async () => {
    const { status } = await world.api.get(`/api/v1/app/${"x".repeat(4000)}`);
    expect(status).toBe(404);
  });

  test("a uid of 256 characters works in a path", async () => {
    const long = uid("u").padEnd(256, "x");
    await world.api.post("/api/v1/app", { name: "Long", uid: long });
    expect((await world.api.get(`/api/v1/app/${long}`)).json.uid).toBe(long);
  });

  test.each(["GET /", "GET /api/v1", "GET /api/v1/nothing", "POST /api/v1/nothing", "DELETE /elsewhere"])(
    "the unknown route %s is answered with 404 and JSON",
    async (route) => {
      const [method, path] = route.split(" ");
      expect((await world.api.call(method!, path!)).status).toBe(404);
    },
  );

  test.each(["PUT /api/v1/app", "PATCH /api/v1/health", "DELETE /api/v1/app"])(
    "a method that the path does not have is answered with 404 and JSON: %s",
    async (route) => {
      const [method, path] = route.split(" ");
      expect((await world.api.call(method!, path!)).status).toBe(404);
    },
  );

  test("every operation of the SDKs that Posthorn does not have returns 404 with a code, once and at once", async () => {
    for (const [verb, template] of UNSUPPORTED) {
      const path = template.replaceAll(/\{\w+\}/g, "some-id");
      const { status, json } = await world.api.call(verb, path, verb === "GET" ? {} : { body: {} });
      expect([verb, path, status, json.code]).toEqual([verb, path, 404, "not_supported"]);
    }
  });
});

describe("bodies", () => {
  const create = (body: string, headers: Record<string, string> = {}) =>
    world.api.post("/api/v1/app", body, { headers });

  test.each([["application/x-www-form-urlencoded"], ["text/plain"], ["application/json; charset=utf-8"], ["nonsense"]])(
    "JSON is read regardless of the content type: %s",
    async (type) => {
      expect((await create('{"name":"Typed"}', { "content-type": type })).status).toBe(201);
    },
  );

  test("JSON is read without a content type", async () => {
    const { status, body } = await bare("POST", "/api/v1/app", '{"name":"Bare"}');
    expect([status, JSON.parse(body).name]).toEqual([201, "Bare"]);
  });

  test.each([
    ["cut off", '{"name":"A'],
    ["with a comma too many", '{"name":"A",}'],
    ["of two values", "{}{}"],
    ["in another encoding", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ])("a body %s is answered with 422, the type and the position", async (_title, body) => {
    const { status, json } = await world.api.post("/api/v1/app", body);
    expect([status, json.detail[0].loc, json.detail[0].type]).toEqual([422, ["body"], "value_error.jsondecode"]);
  });

  test.each(["[]", '"text"', "null", "12"])(
    "a body that is JSON but not an object, %s, is answered with 422",
    async (body) => {
      expect((await create(body)).status).toBe(422);
    },
  );

  test("unknown fields are ignored", async () => {
    expect((await create('{"name":"More","unheardOf":{"a":[1]}}')).status).toBe(201);
  });

  test("a member named __proto__ has no effect", async () => {
    const { status, json } = await create('{"name":"P","metadata":{"__proto__":"x"},"__proto__":{"uid":"sneaked"}}');
    expect([status, json.uid]).toEqual([201, null]);
  });

  test.each([["no body"], ["{}"], ["an empty body with a JSON content type"]])(
    "a POST without parameters takes %s",
    async (form) => {
      const endpoint = await world.api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url });
      const message = await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {} });
      const path = `/api/v1/app/${app}/msg/${message.json.id}/endpoint/${endpoint.json.id}/resend`;
      const body = form === "{}" ? "{}" : form === "no body" ? undefined : "";
      const headers = form.startsWith("an empty") ? { "content-type": "application/json" } : {};
      const { status, json } = await world.api.post(path, body, { headers });
      expect([status, json]).toEqual([202, {}]);
    },
  );

  test("a DELETE and a GET with a JSON content type and no body work", async () => {
    const headers = { "content-type": "application/json" };
    expect((await world.api.get(`/api/v1/app/${app}`, { headers })).status).toBe(200);
    const { json } = await world.api.post("/api/v1/app", { name: "Gone" });
    expect((await world.api.delete(`/api/v1/app/${json.id}`, { headers })).status).toBe(204);
  });

  test("a body above the limit of the server gets 413", async () => {
    // The server closes the connection while the client still writes: a reset can overtake the response.
    const { status, json } = await eventually(() => create(JSON.stringify({ name: "x".repeat(10 * 1024 * 1024) })));
    expect([status, json.code]).toEqual([413, "payload_too_large"]);
  });
});

describe("invalid requests", () => {
  test.each([
    ["nonsense", "nonsense\r\n\r\n", "400"],
    ["with a bad header", "GET /health HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", "400"],
    ["with headers of 100 KB", `GET /health HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, "431"],
  ])("%s are answered with JSON, and the server stays up", async (_title, bytes, status) => {
    const response = await exchange(bytes);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(response.split("\r\n\r\n")[1]!)).toMatchObject({ code: "bad_request" });
    expect((await world.api.get("/health")).status).toBe(204);
  });
});

describe("clients that disconnect or are slow", () => {
  const head = (length: number): string =>
    `POST /api/v1/app HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${world.api.token}\r\nContent-Length: ${length}\r\n\r\n`;

  test("a client that closes its connection in the middle of a body has no effect", async () => {
    const name = uid("half");
    await abandon(`${head(1000)}{"name":"Half","uid":"${name}",`);
    expect((await world.api.get("/health")).status).toBe(204);
    expect((await world.api.get(`/api/v1/app/${name}`)).status).toBe(404);
  });

  test("clients that send their headers slowly are disconnected, and others are served meanwhile", async () => {
    const slow = Array.from({ length: 50 }, () => exchange("POST /api/v1/app HTTP/1.1\r\nHost: a\r\nX-Slow: "));
    expect((await world.api.get(`/api/v1/app/${app}`)).status).toBe(200);
    for (const response of await Promise.all(slow))
      expect(response).toMatch(/^HTTP\/1.1 408 [^]*"code":"request_timeout"/);
  });
});

describe("queries", () => {
  test.each(["limit=abc", "limit=1.5", "order=sideways", "exclude_apps_with_no_endpoints=perhaps", "limit="])(
    "a value of the wrong type, %s, is answered with 400",
    async (query) => {
      const { status } = await world.api.get(`/api/v1/app?${query}`);
      expect(status).toBe(400);
    },
  );

  test.each(["before=yesterday", "after=12", "with_content=maybe"])(
    "a value of the wrong type of a list of messages, %s, is answered with 400",
    async (query) => {
      expect((await world.api.get(`/api/v1/app/${app}/msg?${query}`)).status).toBe(400);
    },
  );

  test.each(["status=9", "status=sent", "status_code_class=250"])(
    "an unknown value, %s, is answered with 400",
    async (query) => {
      const { json } = await world.api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url });
      expect((await world.api.get(`/api/v1/app/${app}/attempt/endpoint/${json.id}?${query}`)).status).toBe(400);
    },
  );

  test.each(["limit=251", "limit=0", "iterator=nonsense", "iterator=app_short", "iterator=-"])(
    "a value that breaks a rule, %s, is answered with 422",
    async (query) => {
      const { status, json } = await world.api.get(`/api/v1/app?${query}`);
      expect([status, json.detail[0].loc[0]]).toEqual([422, "query"]);
    },
  );

  test("unknown parameters are ignored", async () => {
    expect((await world.api.get("/api/v1/app?limit=1&unheard_of=1&limit2=x")).status).toBe(200);
  });

  test("times may have any offset and any fraction", async () => {
    for (const time of ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00.123456%2B01:00", "2026-01-01t00:00:00z"]) {
      expect((await world.api.get(`/api/v1/app/${app}/msg?after=${time}`)).status).toBe(200);
    }
  });

  test("lists of names may be joined by commas or repeated with brackets", async () => {
    const { json } = await world.api.post("/api/v1/app", { name: "Names" });
    for (const eventType of ["a", "b", "c"]) {
      await world.api.post(`/api/v1/app/${json.id}/msg`, { eventType, payload: {} });
    }
    for (const query of ["a%2Cb", "a,b", "a&event_types=b"]) {
      const found = await world.api.get(`/api/v1/app/${json.id}/msg?event_types=${query}`);
      expect(found.json.data).toHaveLength(2);
    }
    for (const query of [
      "event_types[]=a&event_types[]=b",
      "event_types[0]=a&event_types[1]=b",
      "event_types%5B%5D=a,b",
    ]) {
      expect((await world.api.get(`/api/v1/app/${json.id}/msg?${query}`)).json.data).toHaveLength(2);
    }
  });
});

describe("browsers", () => {
  test("a preflight succeeds for any origin, method and header, and is valid for ten minutes", async () => {
    const { status, headers } = await world.api.call("OPTIONS", `/api/v1/app/${app}/endpoint`, {
      token: null,
      headers: {
        origin: "https://customer.example",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,content-type,idempotency-key,x-more",
      },
    });
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(headers.get("access-control-allow-headers")).toBe("authorization,content-type,idempotency-key,x-more");
    expect(headers.get("access-control-max-age")).toBe("600");
  });

  test("responses and errors can be read by a page of any origin", async () => {
    const headers = { origin: "https://customer.example" };
    const good = await world.api.get(`/api/v1/app/${app}`, { headers });
    const bad = await world.api.get("/api/v1/app/none", { headers });
    for (const response of [good, bad]) expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("health", () => {
  test.each(["/health", "/health/ping", "/api/v1/health", "/api/v1/health/ping", "/api/v1/health/ping/"])(
    "%s answers GET and HEAD without a token",
    async (path) => {
      for (const method of ["GET", "HEAD"]) {
        expect((await world.api.call(method, path, { token: null })).status).toBe(204);
      }
    },
  );
});

/** Sends bytes on a new connection and returns the whole response. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.api.url);
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}

/** Sends bytes on a new connection and aborts it. */
function abandon(bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.api.url);
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(bytes, () => socket.resetAndDestroy());
    });
    socket.on("close", () => resolve()).on("error", reject);
  });
}

/** A request with only the headers of HTTP and the token. */
function bare(method: string, path: string, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `bearer ${world.api.token}`, "content-length": Buffer.byteLength(body) };
    const call = request(`${world.api.url}${path}`, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.on("error", reject);
    call.end(body);
  });
}
