import { concatBytes, toBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/** Limits on what is read before anything is verified. */
export interface BodyOptions {
  /** Largest body taken in, in bytes. Defaults to 5 MiB. */
  readonly maxBodyBytes?: number;
}

/** The limit in bytes. */
export function bodyLimit({ maxBodyBytes = 5_242_880 }: BodyOptions): number {
  return maxBodyBytes;
}

/** A `body_too_large` error. */
export function tooLarge(limit: number): WebhookError {
  return new WebhookError("body_too_large", `The body is larger than the ${limit} bytes this receiver takes in.`);
}

/** A `body_already_read` error that says how to get at the raw body in the framework at hand. */
export function alreadyRead(remedy: string): WebhookError {
  return new WebhookError(
    "body_already_read",
    `The body was read and parsed before the webhook adapter got it, and a signature covers the exact bytes. ${remedy}`,
  );
}

/** Bytes or text that a framework kept of the raw body, or `undefined` when what it kept is something parsed. */
export function keptBody(value: unknown): Uint8Array | undefined {
  return typeof value === "string" || value instanceof Uint8Array ? toBytes(value) : undefined;
}

/** What is read of a Node request stream. */
export interface NodeBodyStream {
  readonly headers: { readonly "content-length"?: string | undefined };
  readonly readableDidRead?: boolean;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "close", listener: () => void): unknown;
  pause(): unknown;
}

/** Reads a Node stream to its end, or throws `body_too_large` without reading on. */
export function readNodeBody(stream: NodeBodyStream, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(stream.headers["content-length"]) > limit) {
      reject(tooLarge(limit));
      return;
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    const broken = () =>
      reject(new WebhookError("body_unavailable", "The connection ended before the whole body came."));
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

/** Reads a web stream to its end, or throws `body_too_large` without reading on. */
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
