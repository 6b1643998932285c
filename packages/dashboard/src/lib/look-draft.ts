/** Appearance of the portal that an operator is previewing, as server settings and as the `look` of a link. */
import { parseColour } from "./colour.ts";

export interface LookDraft {
  readonly name: string;
  readonly logo: string;
  readonly colour: string;
  readonly font: string;
  readonly theme: "auto" | "light" | "dark";
}

export const EMPTY_LOOK: LookDraft = { name: "", logo: "", colour: "", font: "", theme: "auto" };

const FONT = /^[A-Za-z0-9 _'",-]{1,200}$/;

/** The parts that are valid and differ from the defaults. */
export function lookOf({ name, logo, colour, font, theme }: LookDraft): Readonly<Record<string, string>> {
  const hex = parseColour(colour);
  return {
    ...(name.trim() === "" ? {} : { name: name.trim() }),
    ...(URL.parse(logo.trim())?.protocol === "https:" ? { logo: logo.trim() } : {}),
    ...(hex === null ? {} : { colour: hex }),
    ...(FONT.test(font.trim()) ? { font: font.trim() } : {}),
    ...(theme === "auto" ? {} : { theme }),
  };
}

const SETTINGS: Readonly<Record<string, string>> = {
  name: "POSTHORN_PORTAL_NAME",
  logo: "POSTHORN_PORTAL_LOGO",
  colour: "POSTHORN_PORTAL_COLOUR",
  font: "POSTHORN_PORTAL_FONT",
};

/** Lines for a settings file. Without the theme, which is set in each link. */
export function settingsOf(look: Readonly<Record<string, string>>): string {
  const lines = Object.entries(look).flatMap(([part, value]) =>
    SETTINGS[part] === undefined ? [] : [`${SETTINGS[part]}=${quoted(value)}`],
  );
  return lines.join("\n");
}

function quoted(value: string): string {
  if (!/[\s#'"]/.test(value)) return value;
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}
