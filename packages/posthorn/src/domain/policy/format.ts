/** The format of the bodies that are sent. */
import type { Format } from "../../format/media-type.ts";
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";

export interface FormatValues {
  /** `as-published`: the bytes of the message as they are. */
  readonly body: Format | "as-published";
  /** Name of the outermost element of XML that is made; empty: the only member of the body is it. */
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
      "This is no name of an element: letters, digits, `_`, `.` and `-`, a letter first.",
    );
  },
});
