/**
 * How the portal looks: as the server says, over that what the link says, over that what the page around the frame says. Names in the
 * address are those that the known React component appends (docs/portal.md).
 */
import { LANGUAGES, showLanguage } from "../i18n/i18n.ts";
import { applyTheme, readTheme, type Theme } from "../layout/theme.ts";
import { accentOf, parseColour } from "../lib/colour.ts";

export interface Look {
  readonly name?: string;
  /** An https URL. */
  readonly logo?: string;
  /** As `#rrggbb`. */
  readonly colour?: string;
  /** Font families that the device has. */
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

/** Reads the address once, before the first page: going from page to page drops it. A reload finds it in the tab's storage. */
export function startLook(): void {
  const asked = lookOf(new URLSearchParams(location.search));
  ofLink = Object.keys(asked).length > 0 ? asked : stored();
  store(ofLink);
  show();
}

/** What the settings of the server say. */
export function serverLook(look: Readonly<Record<string, string | null>>): void {
  ofServer = checked(look);
  show();
}

/** What the page around says, such as when its reader changes from light to dark. */
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
  // The component appends: the last counts.
  const last = (name: string): string | undefined => query.getAll(name).at(-1);
  const darkMode = last("darkMode");
  const theme = darkMode === undefined ? undefined : ({ auto: "auto", true: "dark" }[darkMode] ?? "light");
  const [name, logo, colour] = [last("name"), last("icon"), last("primaryColor")];
  return checked({ name, logo, colour, theme, font: last("fontFamily"), language: last("lang") });
}

/** What of it can be used. It comes from an address or from another page: nothing else may follow from it. */
function checked({ name, logo, colour, font, theme, language }: Readonly<Record<string, unknown>>): Look {
  const hex = typeof colour === "string" ? parseColour(colour) : null;
  const known = LANGUAGES.find((one) => typeof language === "string" && language.slice(0, 2).toLowerCase() === one);
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
  // A page around that asks for nothing is a light one, as the known component has it.
  applyTheme(theme ?? (window.parent === window ? readTheme() : "light"));
  const { style } = document.documentElement;
  if (colour !== undefined) showColour(style, colour);
  if (font !== undefined) style.setProperty("--font", `${font}, system-ui, sans-serif`);
  if (language !== undefined) void showLanguage(language as (typeof LANGUAGES)[number]);
  for (const listener of listeners) listener();
}

function showColour(style: CSSStyleDeclaration, colour: string): void {
  const { light, dark, onLight, onDark } = accentOf(colour);
  style.setProperty("--accent", `light-dark(${light}, ${dark})`);
  style.setProperty("--accent-text", `light-dark(${onLight}, ${onDark})`);
  style.setProperty(
    "--accent-soft",
    `light-dark(color-mix(in srgb, ${light} 8%, #ffffff), color-mix(in srgb, ${dark} 14%, #17191e))`,
  );
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
    // "system" is what the address calls "auto".
    sessionStorage.setItem(KEY, JSON.stringify({ ...look, ...(look.theme === "system" ? { theme: "auto" } : {}) }));
  } catch {
    // A frame whose storage the browser blocks forgets it at a reload.
  }
}
