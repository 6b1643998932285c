/** Format of the request body. */
import type { Format } from "../../format/media-type.ts";
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";

export interface FormatValues {
  /** `as-published`: the unchanged bytes of the message. */
  readonly body: Format | "as-published";
  /** Name of the root element when XML is generated; empty: the only member of the body is the root. */
  readonly xmlRoot: string;
}

/** A name without a prefix. */
const XML_NAME = /^[A-Za-z_][\w.-]{0,127}$/;

export const format = defineSection<FormatValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ body: "as-published", xmlRoot: "message" }),
  check: ({ xmlRoot }, { path }) => {
    if (xmlRoot === undefined || xmlRoot === "" || XML_NAME.test(xmlRoot)) return;
    throw invalid(
      [...path, "xmlRoot"],
      "This is not a valid XML element name. Use letters, digits, `_`, `.` and `-`, starting with a letter or `_`.",
    );
  },
});
