/** Secrets with quotation marks or white space at their ends, over HTTP. */
import { generateSecret } from "@posthorn/webhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const SOURCES = "ingest/api/v1/source";
const HEADER = "posthorn-warning";
const BODY = '{"ref":"main"}';
let names = 0;
const github = (fields: object) => ({ name: "Shop", uid: `shop-${names++}`, type: "github", ...fields });
const whitespace = (field: string) => ({ code: "secret_whitespace", field, message: expect.any(String) });
const quoted = (field: string) => ({ code: "secret_quoted", field, message: expect.any(String) });

describe("a secret of a source that has quotes or white space at its ends", () => {
  it.each([
    ["secrets", { secrets: ["fine", "s3cret\n"] }, [whitespace("secrets[1]")]],
    ["secrets", { secrets: ['"s3cret" '] }, [whitespace("secrets[0]"), quoted("secrets[0]")]],
    ["config", { config: { secret: "'s3cret'" } }, [quoted("config.secret")]],
  ])(
    "is reported in the body and in a header when the source is created, replaced, or created by PUT: %s",
    async (...[, fields, warnings]) => {
      const header = warnings.map(({ code, field }) => `${code} in "${field}"`).join("; ");
      const body = github(fields);
      const created = await gateway.call("POST", SOURCES, body);
      const replaced = await gateway.call("PUT", `${SOURCES}/${body.uid}`, body);
      const other = github(fields);
      const upserted = await gateway.call("PUT", `${SOURCES}/${other.uid}`, other);
      expect([created.status, replaced.status, upserted.status]).toEqual([201, 200, 201]);
      for (const response of [created, replaced, upserted]) {
        expect(response.json["warnings"]).toEqual(warnings);
        expect(response.headers.get(HEADER)).toBe(header);
        expect(response.text).not.toContain("s3cret");
      }
      expect((await gateway.call("GET", `${SOURCES}/${body.uid}`)).json).not.toHaveProperty("warnings");
    },
  );

  it("is reported when it is added", async () => {
    const source = await gateway.source({ type: "github" }, false);
    const added = await gateway.call("POST", `${SOURCES}/${source.id}/secret`, { secret: "s3cret\r\n" });
    expect(added.json).toMatchObject({ id: expect.any(String), warnings: [whitespace("secret")] });
    const fine = await gateway.call("POST", `${SOURCES}/${source.id}/secret`, { secret: "s3cret" });
    expect([fine.status, fine.json["warnings"]]).toEqual([201, undefined]);
  });

  it("is stored unchanged, so that a provider that uses it in this form is verified", async () => {
    const { url } = await gateway.source({ type: "github", secrets: ['"s3cret" \n'] }, false);
    expect((await send(url, BODY, githubHeaders('"s3cret" \n', BODY, "d-1"))).status).toBe(200);
    expect((await send(url, BODY, githubHeaders("s3cret", BODY, "d-2"))).status).toBe(401);
  });

  it("is reported again for a repeated request with an idempotency key, together with unknown parameters", async () => {
    const post = () =>
      fetch(`${gateway.node.url}/${SOURCES}?foo=1`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.node.token}`, "idempotency-key": "warned-twice" },
        body: JSON.stringify({ name: "Shop", type: "github", secrets: ["s3cret "] }),
      });
    for (const response of [await post(), await post()]) {
      expect(response.headers.get(HEADER)).toBe('unknown query parameter "foo"; secret_whitespace in "secrets[0]"');
      expect(await response.json()).toMatchObject({ warnings: [whitespace("secrets[0]")] });
    }
  });

  it.each([
    ["is refused", { type: "no-such-provider", secrets: [" s3cret"] }, 422],
    ["has no such secret", { secrets: ["s3cret"], config: { secret: "a b" } }, 201],
    ["has public keys in PEM", { secrets: ["-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n"] }, 201],
  ])("is not reported for a source that %s", async (_name, fields, status) => {
    const response = await gateway.call("POST", SOURCES, github(fields));
    expect([response.status, response.headers.get(HEADER), response.json["warnings"]]).toEqual([
      status,
      null,
      undefined,
    ]);
  });
});

describe("a secret of an endpoint that has quotes or white space at its ends", () => {
  const secret = generateSecret();

  it.each([`${secret}\n`, ` ${secret}`, `"${secret}"`, `'${secret}'`, `${secret}\r\n`])(
    "is rejected with the reason, because it cannot sign: %j",
    async (given) => {
      const app = await gateway.call("POST", "api/v1/app", { name: "Customer" });
      const source = await gateway.source({ type: "github" }, false);
      const url = `${gateway.receiver.url}/target`;
      for (const path of [
        `api/v1/app/${String(app.json["id"])}/endpoint`,
        `${SOURCES}/${source.id}/endpoint`,
        "api/v1/operational-webhook/endpoint",
      ]) {
        const refused = await gateway.call("POST", path, { url, secret: given });
        expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("without quotes or spaces")]);
        const made = await gateway.call("POST", path, { url, secret });
        const rotate = `${path}/${String(made.json["id"])}/secret/rotate`;
        const kept = await gateway.call("POST", rotate, { key: given });
        expect([kept.status, kept.text]).toEqual([422, expect.stringContaining("without quotes or spaces")]);
      }
    },
  );
});
