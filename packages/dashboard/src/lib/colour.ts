/** Adapts a brand colour to be readable as text and as a background, in both themes. Contrast as in WCAG 2.2, 1.4.3. */

type Rgb = readonly [number, number, number];

/** Minimum contrast of text: above the 4.5 of WCAG, to allow for tinted backgrounds. */
const CONTRAST = 5;
/** The darkest light background and the lightest dark background; see `base.css`. */
const LIGHT_GROUND: Rgb = [0xf2, 0xf2, 0xee];
const DARK_GROUND: Rgb = [0x20, 0x24, 0x2b];
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

export interface Accent {
  readonly light: string;
  readonly dark: string;
  /** Colour of text on this colour. */
  readonly onLight: string;
  readonly onDark: string;
}

/** Parses `#abc` or `#aabbcc`, with or without `#`; `null` for anything else. */
export function parseColour(text: string): string | null {
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())?.[1]?.toLowerCase();
  if (hex === undefined) return null;
  return `#${hex.length === 3 ? hex.replace(/./g, "$&$&") : hex}`;
}

/** The colour itself where its contrast suffices, otherwise darkened for light backgrounds and lightened for dark ones. */
export function accentOf(colour: string): Accent {
  const rgb = toRgb(colour);
  const light = readable(rgb, LIGHT_GROUND, BLACK);
  const dark = readable(rgb, DARK_GROUND, WHITE);
  return { light: toHex(light), dark: toHex(dark), onLight: textOn(light), onDark: textOn(dark) };
}

/** CSS variables of components for a brand colour, in both themes. */
export function accentVariables(colour: string): Readonly<Record<`--${string}`, string>> {
  const { light, dark, onLight, onDark } = accentOf(colour);
  return {
    "--accent": `light-dark(${light}, ${dark})`,
    "--accent-text": `light-dark(${onLight}, ${onDark})`,
    "--accent-soft": `light-dark(color-mix(in srgb, ${light} 8%, #ffffff), color-mix(in srgb, ${dark} 14%, #17191e))`,
  };
}

export function contrast(one: string, other: string): number {
  return ratio(toRgb(one), toRgb(other));
}

function readable(colour: Rgb, ground: Rgb, towards: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const mixed = mix(colour, towards, share);
    if (ratio(mixed, ground) >= CONTRAST) return mixed;
  }
  return towards;
}

function textOn(ground: Rgb): string {
  return ratio(ground, WHITE) >= ratio(ground, BLACK) ? "#ffffff" : "#000000";
}

function mix(colour: Rgb, other: Rgb, share: number): Rgb {
  return colour.map((part, place) => Math.round(part + (other[place]! - part) * share)) as unknown as Rgb;
}

function ratio(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function toRgb(colour: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as unknown as Rgb;
}

function toHex(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
