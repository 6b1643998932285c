/**
 * Appearance of the portal. The parent page of a frame overrides the link, which overrides the settings of the server. The URL
 * parameters are those that the existing React component appends (docs/portal.md).
 */
import { languageFor, showLanguage } from "../i18n/i18n.ts";
import { applyTheme, readTheme, type Theme } from "../layout/theme.ts";
import { accentVariables, parseColour } from "../lib/colour.ts";

export interface Look {
  readonly name?: string;
  /** An https URL. */
  readonly logo?: string;
  /** As `#rrggbb`. */
  readonly colour?: string;
  /** Installed font families. */
  readonly font?: string;
  readonly theme?: Theme;
  readonly language?: string;
}

const KEY = "posthorn.look";
const FONT = /^[A-Za-z0-9 _'",-]{1,200}$/;

type Listener = () => void;
const listeners = new Set<Listener>();
let ofServer: Look = {};
let ofLink: Look = {};
let current: Look = {};

/** Reads the URL parameters before the first navigation removes them. After a reload, they come from the session storage. */
export function startLook(): void {
  const asked = lookOf(new URLSearchParams(location.search));
  ofLink = Object.keys(asked).length > 0 ? asked : stored();
  store(ofLink);
  show();
}

/** Applies the look from the settings of the server. */
export function serverLook(look: Readonly<Record<string, string | null>>): void {
  ofServer = checked(look);
  show();
}

/** Applies a look from the parent page, for example after a change of its theme. */
export function changeLook(look: Readonly<Record<string, unknown>>): void {
  ofLink = { ...ofLink, ...checked(look) };
  store(ofLink);
  show();
}

export function lookNow(): Look {
  return current;
}

/** For `useSyncExternalStore`. */
export function onLook(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function lookOf(query: URLSearchParams): Look {
  // The component appends its parameters, so the last value counts.
  const last = (name: string): string | undefined => query.getAll(name).at(-1);
  const darkMode = last("darkMode");
  const theme = darkMode === undefined ? undefined : ({ auto: "auto", true: "dark" }[darkMode] ?? "light");
  const [name, logo, colour] = [last("name"), last("icon"), last("primaryColor")];
  return checked({ name, logo, colour, theme, font: last("fontFamily"), language: last("lang") });
}

/** Validates a look. It comes from a URL or another page, so only known values of known fields are used. */
function checked({ name, logo, colour, font, theme, language }: Readonly<Record<string, unknown>>): Look {
  const hex = typeof colour === "string" ? parseColour(colour) : null;
  const known = typeof language === "string" ? languageFor(language) : undefined;
  return {
    ...(typeof name === "string" && name !== "" ? { name: name.slice(0, 100) } : {}),
    ...(typeof logo === "string" && URL.parse(logo)?.protocol === "https:" ? { logo } : {}),
    ...(hex === null ? {} : { colour: hex }),
    ...(typeof font === "string" && FONT.test(font) ? { font } : {}),
    ...(theme === "light" || theme === "dark" ? { theme } : theme === "auto" ? { theme: "system" } : {}),
    ...(known === undefined ? {} : { language: known }),
  };
}

function show(): void {
  current = { ...ofServer, ...ofLink };
  const { colour, font, theme, language } = current;
  // Without a theme, the parent page is assumed to be light, as the existing component does.
  applyTheme(theme ?? (window.parent === window ? readTheme() : "light"));
  const { style } = document.documentElement;
  if (colour !== undefined) showColour(style, colour);
  if (font !== undefined) style.setProperty("--font", `${font}, system-ui, sans-serif`);
  if (language !== undefined) void showLanguage(language);
  for (const listener of listeners) listener();
}

function showColour(style: CSSStyleDeclaration, colour: string): void {
  for (const [name, value] of Object.entries(accentVariables(colour))) style.setProperty(name, value);
}

function stored(): Look {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null ? {} : checked(JSON.parse(text) as Record<string, unknown>);
  } catch {
    return {};
  }
}

function store(look: Look): void {
  try {
    // The theme "system" is called "auto" in URLs.
    sessionStorage.setItem(KEY, JSON.stringify({ ...look, ...(look.theme === "system" ? { theme: "auto" } : {}) }));
  } catch {
    // Without storage in a frame, the look is lost on reload.
  }
}
