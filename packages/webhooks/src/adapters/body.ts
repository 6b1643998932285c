import { concatBytes, toBytes } from "../encoding.ts";
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
    const chunks: Uint8Array[] = [];
    let length = 0;
    const broken = () =>
      reject(new WebhookError("body_unavailable", "The connection closed before the whole body arrived."));
    stream.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else {
        stream.pause();
        reject(tooLarge(limit));
      }
    });
    stream.on("end", () => resolve(concatBytes(chunks)));
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
  const chunks: Uint8Array[] = [];
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(chunks);
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}
