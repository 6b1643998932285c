/** How deliveries are signed, for receivers that were built for another sender. */
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";
import type { SignatureStyle } from "./signature-style.ts";
import { headerProblem } from "../endpoint/header-rules.ts";

export interface SigningValues {
  readonly style: SignatureStyle;
  /** Name of the signature header; empty: the name of the style. Not used by `standard` and `http-signatures`. */
  readonly header: string;
  /** Name of the timestamp header of the style `slack`; empty: `X-Slack-Request-Timestamp`. */
  readonly timestampHeader: string;
  /** Whether the Standard Webhooks headers are sent in addition to those of another style. */
  readonly standardHeaders: boolean;
}

/** Only the organisation sets it, because it defines what receivers verify. */
export const signing = defineSection<SigningValues>({
  platform: ({ signatureStyle, signatureHeader }) => ({
    style: signatureStyle,
    header: signatureHeader,
    timestampHeader: "",
    standardHeaders: true,
  }),
  check: (given, { path }) => {
    for (const field of ["header", "timestampHeader"] as const) {
      const name = given[field] ?? "";
      const problem = name === "" ? null : signatureHeaderProblem(name);
      if (problem !== null) throw invalid([...path, field], problem);
    }
    const { header = "", timestampHeader = "" } = given;
    if (timestampHeader !== "" && header.toLowerCase() === timestampHeader.toLowerCase()) {
      throw invalid([...path, "timestampHeader"], "The signature and the timestamp need different header names.");
    }
  },
});

/** Headers with a defined meaning in HTTP: a signature in them would break the request, be dropped by proxies, or replace a credential. */
const RESERVED_NAMES = new Set(
  (
    "accept accept-charset accept-encoding accept-language accept-ranges allow authorization cookie cookie2 date etag forwarded from " +
    "http2-settings last-modified link location max-forwards origin range referer refresh retry-after server set-cookie set-cookie2 " +
    "strict-transport-security via www-authenticate"
  ).split(" "),
);
const RESERVED_PREFIXES = ["access-control-", "content-", "cross-origin-", "if-", "proxy-", "sec-", "x-forwarded-"];

function signatureHeaderProblem(name: string): string | null {
  const lower = name.toLowerCase();
  if (RESERVED_NAMES.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return `The header ${name} has a defined meaning in HTTP and cannot hold a signature. Choose another name, such as X-Acme-Signature.`;
  }
  return headerProblem(name, "");
}
