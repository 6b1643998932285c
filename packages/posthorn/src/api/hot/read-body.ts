import type { IncomingMessage } from "node:http";

/** A chunk may be a view of everything that was read at once; beyond this many unused bytes it is copied, so that they are freed. */
const MAX_UNUSED_BYTES = 4096;

/** Calls `done` with the whole body. Does not call it if the client disconnects. */
export function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on("end", () => done(chunks === null ? own(first ?? EMPTY) : Buffer.concat(chunks)));
}

const EMPTY = Buffer.alloc(0);

function own(chunk: Buffer): Buffer {
  return chunk.buffer.byteLength - chunk.length > MAX_UNUSED_BYTES ? Buffer.from(chunk) : chunk;
}
