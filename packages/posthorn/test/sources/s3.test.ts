/** Objects of a bucket whose content is compressed. `counterparts/source-brokers.test.ts` reads a real service. */
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const MODIFIED = "2026-03-01T10:00:00.000Z";

let scene: SourceScene;
let server: WebServer;
beforeAll(async () => {
  scene = await SourceScene.start();
});
afterAll(() => scene[Symbol.asyncDispose]());
afterEach(() => server[Symbol.asyncDispose]());

/** A service with these objects, in the order of their keys. */
async function serve(objects: Readonly<Record<string, { readonly body: Buffer; readonly encoding?: string }>>) {
  server = await startWebServer();
  const listed = Object.entries(objects).map(
    ([key, { body }]) =>
      `<Contents><Key>${key}</Key><ETag>"${key}"</ETag><Size>${body.byteLength}</Size><LastModified>${MODIFIED}</LastModified></Contents>`,
  );
  server.respond = ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://x");
    const object = objects[pathname.split("/").at(-1)!];
    if (object === undefined) {
      response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${listed.join("")}</ListBucketResult>`);
      return;
    }
    const { body, encoding } = object;
    const type = { "content-type": "application/json" };
    response.writeHead(200, encoding === undefined ? type : { ...type, "content-encoding": encoding }).end(body);
  };
  const config = {
    bucket: "uploads",
    region: "eu-central-1",
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "secret",
    endpointUrl: server.url,
    content: true,
    maxObjectBytes: 10_000,
    start: "all",
  };
  return scene.source("s3", config);
}

it("the content of an object is decompressed, although it becomes larger than the object", async () => {
  const text = JSON.stringify({ text: "x".repeat(5000) });
  const source = await serve({
    a: { body: gzipSync(text), encoding: "gzip" },
    b: { body: Buffer.from('{"plain": true}') },
  });
  expect(await scene.payloads(source)).toEqual([JSON.parse(text), { plain: true }]);
});

it("an object whose content becomes too large or is damaged is described, and does not block the next one", async () => {
  const source = await serve({
    bomb: { body: gzipSync(Buffer.alloc(5_000_000)), encoding: "gzip" },
    damaged: { body: Buffer.from("not compressed"), encoding: "br" },
    large: { body: Buffer.alloc(10_001) },
    last: { body: Buffer.from('{"last": true}') },
  });
  expect(await scene.payloads(source)).toMatchObject([
    { bucket: "uploads", key: "bomb" },
    { key: "damaged" },
    { key: "large", size: 10_001 },
    { last: true },
  ]);
  expect(await scene.state(source)).toMatchObject({ state: "waiting", error: null });
});
