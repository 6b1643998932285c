/** Values of options. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { PosthornError } from "../../lib/errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of an age such as `15m`. */
export function age(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError("Write a number and a unit: 30s, 15m, 2h or 3d.");
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

/** Reads integers in a range. */
export function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Write an integer from ${minimum} to ${maximum}.`);
  };
}

/** Items of a list that are separated by commas. */
export function list(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Text of an option: itself, `@` and the name of a file, or `-` for standard input. */
export function textOf(value: string): string {
  if (value === "-") return readFileSync(0, "utf8");
  return value.startsWith("@") ? readFileSync(value.slice(1), "utf8") : value;
}

/** As `textOf`, for JSON. @param name Of the option, for errors. */
export function jsonOf(value: string, name: string): unknown {
  try {
    return JSON.parse(textOf(value));
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new PosthornError("bad_request", `${name} is not JSON: ${problem}`, { cause });
  }
}
