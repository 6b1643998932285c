import { concatBytes } from "../encoding.ts";
import type { WebhookRequest } from "../request.ts";

/**
 * Parses a captured request: request line, headers, an empty line, body. Lines of the head may end in LF or CRLF; the
 * body is taken byte by byte.
 *
 * @param message Bytes of the request.
 * @param defaultUrl The public URL that the sender called, if the request does not contain it.
 * @returns The request, or a sentence that says why it is unreadable.
 *
 * @example
 * ```ts
 * import { diagnoseStandard, parseHttpMessage } from "@posthorn/webhooks/doctor";
 *
 * const captured = "POST /hooks HTTP/1.1\nhost: shop.example\nwebhook-id: msg_1\n\n{}";
 * const request = parseHttpMessage(new TextEncoder().encode(captured), undefined);
 * if (typeof request === "string") throw new Error(request);
 * console.log(request.url); // https://shop.example/hooks
 * const { ok } = await diagnoseStandard(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * console.log(ok); // false
 * ```
 */
export function parseHttpMessage(message: Uint8Array, defaultUrl: string | undefined): WebhookRequest | string {
  const end = endOfHead(message);
  if (end === undefined) return "The request has no empty line between headers and body.";
  const lines = new TextDecoder("latin1").decode(message.subarray(0, end.start)).split(/\r?\n/);
  const [, method = "", target = ""] = /^([A-Z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/.exec(lines[0] ?? "") ?? [];
  if (method === "") return "The first line is not a request line. Expected a line such as: POST /hooks HTTP/1.1";
  const headers: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined) return `This line is not a header: ${line.slice(0, 60)}`;
    headers.push([name, value]);
  }
  const url = defaultUrl ?? absolute(target, headers);
  if (!URL.canParse(url)) return "The request does not contain its URL. Pass the public URL as --url.";
  return { method, url, headers, body: bodyOf(message.subarray(end.next), headers) };
}

function endOfHead(message: Uint8Array): { start: number; next: number } | undefined {
  for (let index = 0; index < message.length; index += 1) {
    if (message[index] !== 0x0a) continue;
    const after = message[index + 1] === 0x0d ? index + 2 : index + 1;
    if (message[after] === 0x0a) return { start: message[index - 1] === 0x0d ? index - 1 : index, next: after + 1 };
  }
  // A request without a body often ends after its last header.
  return message.at(-1) === 0x0a ? { start: trimEnd(message), next: message.length } : undefined;
}

function trimEnd(message: Uint8Array): number {
  return message.at(-2) === 0x0d ? message.length - 2 : message.length - 1;
}

function absolute(target: string, headers: readonly (readonly [string, string])[]): string {
  if (/^https?:\/\//.test(target)) return target;
  const value = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const host = value("x-forwarded-host") ?? value("host");
  return host === undefined ? "" : `${value("x-forwarded-proto") ?? "https"}://${host}${target}`;
}

/** The body, decoded from chunks if it was captured from the wire. */
function bodyOf(bytes: Uint8Array, headers: readonly (readonly [string, string])[]): Uint8Array {
  const chunked = headers.some(([name, value]) => name.toLowerCase() === "transfer-encoding" && /chunked/i.test(value));
  return (chunked ? unchunk(bytes) : undefined) ?? bytes;
}

function unchunk(bytes: Uint8Array): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf(0x0a, at);
    const size = /^([0-9a-f]{1,8})(?:;.*)?\r?$/i.exec(new TextDecoder("latin1").decode(bytes.subarray(at, line)))?.[1];
    if (line < 0 || size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    if (length === 0) return concatBytes(chunks);
    chunks.push(bytes.subarray(line + 1, line + 1 + length));
    at = line + 1 + length + 2;
  }
}
