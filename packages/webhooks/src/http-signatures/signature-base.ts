import { encodeBase64, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type HeaderReader, readHeaders, type WebhookRequest } from "../request.ts";
import {
  parseDictionary,
  serializeInnerList,
  serializeItem,
  serializeMember,
  type SfInnerList,
  type SfItem,
} from "./structured-fields.ts";

/**
 * Builds the signature base, the text that is signed (RFC 9421 section 2.5): one line per covered component, then the
 * parameters. Throws `missing_header` for a covered header that the request lacks, and `malformed_header` for a
 * component that is unsupported (such as `@status`, or an unknown parameter) or listed twice.
 */
export function signatureBase(request: Omit<WebhookRequest, "body">, covered: SfInnerList): string {
  const headers = readHeaders(request.headers);
  const seen = new Set<string>();
  let base = "";
  for (const item of covered.items) {
    const identifier = serializeItem(item);
    if (typeof item.value !== "string" || seen.has(identifier))
      throw malformed(`lists ${identifier} twice or unquoted`);
    seen.add(identifier);
    base += `${identifier}: ${componentValue(request, headers, item.value, item)}\n`;
  }
  return `${base}"@signature-params": ${serializeInnerList(covered)}`;
}

/** Creates a `malformed_header` error about the Signature-Input header. */
export function malformed(what: string): WebhookError {
  return new WebhookError("malformed_header", `The Signature-Input header ${what}.`, { headerName: "signature-input" });
}

function componentValue(
  request: Omit<WebhookRequest, "body">,
  headers: HeaderReader,
  name: string,
  item: SfItem,
): string {
  return name.startsWith("@") ? derived(request, name, item) : fieldValue(headers, name, item);
}

/** Derived components of a request (RFC 9421 section 2.2). */
function derived(request: Omit<WebhookRequest, "body">, name: string, item: SfItem): string {
  const query = name === "@query-param" ? item.parameters.get("name") : undefined;
  if (item.parameters.size !== (query === undefined ? 0 : 1)) throw unsupported(serializeItem(item));
  const url = parseUrl(request.url);
  switch (name) {
    case "@method":
      return request.method;
    case "@target-uri":
      return url.href.replace(/#.*$/s, "");
    case "@authority":
      return url.host;
    case "@scheme":
      return url.protocol.slice(0, -1);
    case "@request-target":
      return url.pathname + url.search;
    case "@path":
      return url.pathname;
    case "@query":
      return url.search === "" ? "?" : url.search;
    case "@query-param":
      return queryParameter(url, query);
    default:
      throw unsupported(serializeItem(item));
  }
}

/** Value of one query parameter, re-encoded (RFC 9421 section 2.2.8). A repeated parameter cannot be covered. */
function queryParameter(url: URL, encodedName: unknown): string {
  if (typeof encodedName !== "string") throw malformed("has @query-param without a name");
  const name = new URLSearchParams(`${encodedName}=`).keys().next().value ?? "";
  const values = url.searchParams.getAll(name);
  if (values.length !== 1) {
    throw new WebhookError(
      "missing_field",
      "A signed query parameter is missing from the URL, or appears in it more than once.",
      {
        field: name,
      },
    );
  }
  return encodeURIComponent(values[0]!).replace(
    /[!'()~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Value of a header: whole, byte-wrapped (`bs`), or one member of a dictionary (`key`) (RFC 9421 section 2.1). */
function fieldValue(headers: HeaderReader, name: string, item: SfItem): string {
  const values = headers.all(name);
  if (values.length === 0) {
    throw new WebhookError("missing_header", `The signature covers ${name}, but the request has no such header.`, {
      headerName: name,
    });
  }
  const unfolded = values.map(unfold);
  if (item.parameters.size === 0) return unfolded.join(", ");
  const [parameter, argument] = item.parameters.entries().next().value ?? [];
  if (item.parameters.size > 1) throw unsupported(serializeItem(item));
  if (parameter === "bs" && argument === true) {
    return unfolded.map((value) => `:${encodeBase64(utf8(value))}:`).join(", ");
  }
  if (parameter !== "key" || typeof argument !== "string") throw unsupported(serializeItem(item));
  const member = parseDictionary(unfolded.join(", "))?.get(argument);
  if (member !== undefined) return serializeMember(member);
  throw new WebhookError(
    "missing_header",
    `The signature covers a member of the ${name} header that the header does not contain.`,
    {
      headerName: name,
      field: argument,
    },
  );
}

/**
 * Replaces obsolete line folding by one space (RFC 9421 section 2.1). HTTP libraries do not let other line breaks
 * through.
 */
function unfold(value: string): string {
  return value.includes("\n") ? value.replace(/[ \t]*\r?\n[ \t]+/g, " ").trim() : value;
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new WebhookError("argument_invalid", "request.url must be the absolute URL that the sender called.");
  }
}

function unsupported(identifier: string): WebhookError {
  return malformed(`covers ${identifier}, which is not supported for requests`);
}
