import { toBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/** Limit on the body that is read before anything is verified. */
export interface BodyOptions {
  /** Largest accepted body in bytes; larger ones get 413. Defaults to 5,242,880 (5 MiB). */
  readonly maxBodyBytes?: number;
}

/** The limit in bytes. */
export function bodyLimit({ maxBodyBytes = 5_242_880 }: BodyOptions): number {
  return maxBodyBytes;
}

/** Creates a `body_too_large` error. */
export function tooLarge(limit: number): WebhookError {
  return new WebhookError(
    "body_too_large",
    `The body exceeds the limit of ${limit} bytes. Raise maxBodyBytes to accept it.`,
  );
}

/** Creates a `body_already_read` error that explains how to keep the raw body in the framework. */
export function alreadyRead(remedy: string): WebhookError {
  return new WebhookError(
    "body_already_read",
    `The body was parsed before it reached the webhook adapter, but a signature covers the exact bytes. ${remedy}`,
  );
}

/** The raw body as bytes, if the framework kept it as bytes or text; `undefined` for a parsed value. */
export function keptBody(value: unknown): Uint8Array | undefined {
  return typeof value === "string" || value instanceof Uint8Array ? toBytes(value) : undefined;
}

/** The part of a Node request stream that is used. */
export interface NodeBodyStream {
  /** Declared length, to reject large bodies early. */
  readonly headers: { readonly "content-length"?: string | undefined };
  /** Whether a body parser has read the stream. */
  readonly readableDidRead?: boolean;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "close", listener: () => void): unknown;
  pause(): unknown;
}

/** Reads a Node stream to its end. Throws `body_too_large` as soon as the limit is exceeded. */
export function readNodeBody(stream: NodeBodyStream, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(stream.headers["content-length"]) > limit) {
      reject(tooLarge(limit));
      return;
    }
    const body = new BodyBuffer(limit);
    const broken = () =>
      reject(new WebhookError("body_unavailable", "The connection closed before the whole body arrived."));
    stream.on("data", (chunk: Uint8Array) => {
      if (body.add(chunk)) return;
      stream.pause();
      reject(tooLarge(limit));
    });
    stream.on("end", () => resolve(body.bytes()));
    stream.on("error", broken);
    stream.on("close", broken);
  });
}

/** Reads a web stream to its end. Throws `body_too_large` as soon as the limit is exceeded. */
export async function readWebBody(
  body: ReadableStream<Uint8Array> | null,
  declaredLength: string | null,
  limit: number,
): Promise<Uint8Array> {
  if (Number(declaredLength) > limit) throw tooLarge(limit);
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const buffer = new BodyBuffer(limit);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return buffer.bytes();
    if (buffer.add(value)) continue;
    await reader.cancel();
    throw tooLarge(limit);
  }
}

/** Collects a body in one buffer: a client may send it in chunks of single bytes, and each kept chunk takes about 200 bytes of memory. */
class BodyBuffer {
  readonly #limit: number;
  #buffer = new Uint8Array(0);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the chunk is within the limit. */
  add(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > this.#limit) return false;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, this.#buffer.length * 2)));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
