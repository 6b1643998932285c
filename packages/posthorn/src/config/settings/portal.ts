/** The customer portal. */
import { COLOUR_PATTERN, FONT_PATTERN, LOGO_PATTERN } from "../../domain/portal/look.ts";
import { parseFrameAncestors, parsePattern, parseSwitch, parseText } from "../parse.ts";
import { setting } from "../setting.ts";

export const portalSettings = {
  customerAlerts: setting({
    name: "POSTHORN_CUSTOMER_ALERTS",
    help: "Whether customers may set up alerts about their failing endpoints in the portal. Emails need POSTHORN_MAIL_URL and POSTHORN_PUBLIC_URL. The policy of an application can override it.",
    default: "true",
    parse: parseSwitch,
  }),
  portalFrameAncestors: setting({
    name: "POSTHORN_PORTAL_FRAME_ANCESTORS",
    help: "Origins whose pages may embed the customer portal in a frame, separated by commas. *: every origin (a frame gets its session only from its link). Empty: none.",
    default: "*",
    parse: parseFrameAncestors,
  }),
  portalName: setting({
    name: "POSTHORN_PORTAL_NAME",
    help: "Name of your product, shown at the top of the customer portal. A portal link can override it (docs/portal.md).",
    default: "",
    parse: parseText,
  }),
  portalLogo: setting({
    name: "POSTHORN_PORTAL_LOGO",
    help: "The https URL of your logo, shown at the top of the customer portal.",
    default: "",
    parse: (text) => parsePattern(text, LOGO_PATTERN, "an https URL"),
  }),
  portalColour: setting({
    name: "POSTHORN_PORTAL_COLOUR",
    help: "Colour of buttons and links in the customer portal, as #rrggbb. It is darkened or lightened where the contrast would be too low.",
    default: "",
    parse: (text) => parsePattern(text, COLOUR_PATTERN, "a colour such as #0a7d5c"),
  }),
  portalFont: setting({
    name: "POSTHORN_PORTAL_FONT",
    help: "Font families of the customer portal, separated by commas. They must be installed on the reader's device.",
    default: "",
    parse: (text) => parsePattern(text, FONT_PATTERN, "a list of font families"),
  }),
  portalLanguages: setting({
    name: "POSTHORN_PORTAL_LANGUAGES",
    help: "Folder with languages of the customer portal: one JSON file for each, such as it.json (docs/portal.md). A file of a built-in language replaces some of its texts. Read at start. Empty: none.",
    default: "",
    parse: parseText,
  }),
  portalDocs: setting({
    name: "POSTHORN_PORTAL_DOCS",
    help: "The https URL of your own webhook documentation. The customer portal links to it. Empty: no link.",
    default: "",
    parse: (text) => parsePattern(text, LOGO_PATTERN, "an https URL"),
  }),
} as const;
