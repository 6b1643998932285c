import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { readNodeBody, readWebBody } from "./body.ts";

const LIMIT = 5000;
type Reader = (chunks: Iterable<Uint8Array>, limit: number) => Promise<Uint8Array>;

function streamOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const rest = chunks[Symbol.iterator]();
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const { done, value } = rest.next();
    if (done === true) controller.close();
    else controller.enqueue(value);
  };
  // The next chunk is made when it is read.
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

const READERS: readonly (readonly [string, Reader])[] = [
  [
    "Node",
    (chunks, limit) => {
      const stream = Object.assign(new EventEmitter(), { headers: {}, pause: () => undefined });
      const reading = readNodeBody(stream, limit);
      for (const chunk of chunks) stream.emit("data", chunk);
      stream.emit("end");
      return reading;
    },
  ],
  ["the web", (chunks, limit) => readWebBody(streamOf(chunks), null, limit)],
];

describe.each(READERS)("a request of %s", (_, read) => {
  // Kept chunks would take about 200 bytes of memory each, and a client can send chunks of single bytes.
  it("is copied into one buffer, and no chunk is kept", async () => {
    const one = new Uint8Array(1);
    function* chunks(): Generator<Uint8Array> {
      for (let index = 0; index < LIMIT; index++) {
        one[0] = index;
        yield one;
      }
    }
    expect(await read(chunks(), LIMIT)).toEqual(Uint8Array.from({ length: LIMIT }, (__, index) => index));
  });

  it("is rejected as soon as it exceeds the limit, and may be empty", async () => {
    await expect(read([new Uint8Array(3), new Uint8Array(3)], 5)).rejects.toMatchObject({ code: "body_too_large" });
    expect(await read([], 5)).toHaveLength(0);
  });
});
