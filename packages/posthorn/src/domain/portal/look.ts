/** How the portal looks: a name, a logo, a colour and a font of the product that it belongs to. */

/** `null` leaves a part as Posthorn has it. */
export interface PortalLook {
  /** Of the product, beside the logo. */
  readonly name: string | null;
  /** An https URL of a picture. */
  readonly logo: string | null;
  /** Of buttons and links, as `#rrggbb`. */
  readonly colour: string | null;
  /** Names of font families that the reader's device has. */
  readonly font: string | null;
}

export const PORTAL_THEMES = ["light", "dark", "auto"] as const;
export type PortalTheme = (typeof PORTAL_THEMES)[number];

/** What one link says beside: the reader's choices. */
export interface LinkLook extends PortalLook {
  readonly theme: PortalTheme | null;
  /** A language tag such as `de`. */
  readonly language: string | null;
}

/** The page loads pictures over https alone. */
export const LOGO_PATTERN = "^https://[^\\s]+$";
export const NO_LOOK: LinkLook = { name: null, logo: null, colour: null, font: null, theme: null, language: null };

export const COLOUR_PATTERN = "^#[0-9a-fA-F]{6}$";
/** Families and nothing else: no `url()`, no end of the declaration. */
export const FONT_PATTERN = "^[A-Za-z0-9 _'\",-]+$";

/** Names in the address of the portal; the first four are those that the known React component appends. */
const PARAMETERS = {
  theme: "darkMode",
  font: "fontFamily",
  logo: "icon",
  colour: "primaryColor",
  name: "name",
  language: "lang",
} as const satisfies Readonly<Record<keyof LinkLook, string>>;

const DARK_MODE: Readonly<Record<PortalTheme, string>> = { light: "false", dark: "true", auto: "auto" };

/** The query of a link to a portal with this look: empty, or with a question mark in front. */
export function lookQuery(look: LinkLook): string {
  const query = new URLSearchParams();
  for (const part of Object.keys(PARAMETERS) as (keyof LinkLook)[]) {
    const value = part === "theme" && look.theme !== null ? DARK_MODE[look.theme] : look[part];
    if (value !== null) query.set(PARAMETERS[part], value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
