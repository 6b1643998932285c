/** How deliveries are signed, for receivers that were written against another sender. */
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";
import type { SignatureStyle } from "./signature-style.ts";
import { headerTrouble } from "../endpoint/header-rules.ts";

export interface SigningValues {
  readonly style: SignatureStyle;
  /** Name of the header with the signature; empty: the name that the style has. Not used by `standard` and `http-signatures`. */
  readonly header: string;
  /** Name of the header with the time, of the style `slack`; empty: `X-Slack-Request-Timestamp`. */
  readonly timestampHeader: string;
  /** Whether the headers of Standard Webhooks are sent beside those of another style. */
  readonly standardHeaders: boolean;
}

/** The product decides what its receivers verify, so only the organisation sets it. */
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
      const trouble = name === "" ? null : headerTrouble(name, "");
      if (trouble !== null) throw invalid([...path, field], trouble);
    }
    const { header = "", timestampHeader = "" } = given;
    if (timestampHeader !== "" && header.toLowerCase() === timestampHeader.toLowerCase()) {
      throw invalid([...path, "timestampHeader"], "The signature and the timestamp need headers of different names.");
    }
  },
});
