/** Appearance of the portal: name, logo, colour and font of the product. */

/** `null` means Posthorn's default. */
export interface PortalLook {
  /** Name of the product, shown next to the logo. */
  readonly name: string | null;
  /** HTTPS URL of an image. */
  readonly logo: string | null;
  /** Colour of buttons and links, as `#rrggbb`. */
  readonly colour: string | null;
  /** Names of font families installed on the reader's device. */
  readonly font: string | null;
}

export const PORTAL_THEMES = ["light", "dark", "auto"] as const;
export type PortalTheme = (typeof PORTAL_THEMES)[number];

/** Appearance set by a portal link, including theme and language. */
export interface LinkLook extends PortalLook {
  readonly theme: PortalTheme | null;
  /** A language tag such as `de`. */
  readonly language: string | null;
}

/** The page only loads images over HTTPS. */
export const LOGO_PATTERN = "^https://[^\\s]+$";
export const NO_LOOK: LinkLook = { name: null, logo: null, colour: null, font: null, theme: null, language: null };

export const COLOUR_PATTERN = "^#[0-9a-fA-F]{6}$";
/** Only font families: no `url()`, and nothing that ends the declaration. */
export const FONT_PATTERN = "^[A-Za-z0-9 _'\",-]+$";

/** Query parameters of the portal URL. The first four are those that the compatible React component appends. */
const PARAMETERS = {
  theme: "darkMode",
  font: "fontFamily",
  logo: "icon",
  colour: "primaryColor",
  name: "name",
  language: "lang",
} as const satisfies Readonly<Record<keyof LinkLook, string>>;

const DARK_MODE: Readonly<Record<PortalTheme, string>> = { light: "false", dark: "true", auto: "auto" };

/** Query of a portal link with this appearance: empty, or with a leading question mark. */
export function lookQuery(look: LinkLook): string {
  const query = new URLSearchParams();
  for (const part of Object.keys(PARAMETERS) as (keyof LinkLook)[]) {
    const value = part === "theme" && look.theme !== null ? DARK_MODE[look.theme] : look[part];
    if (value !== null) query.set(PARAMETERS[part], value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
