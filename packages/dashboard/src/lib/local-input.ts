import { readClock } from "./clock.ts";

/** Formats a time (Unix milliseconds) for an input of type `datetime-local`, in the zone that the reader chose. */
export function toLocalInput(at: number): string {
  const offset = readClock() === "utc" ? 0 : new Date(at).getTimezoneOffset();
  return new Date(at - offset * 60_000).toISOString().slice(0, 16);
}

/** The value of an input of type `datetime-local` as a time of the API. */
export function fromLocalInput(value: string): string {
  return new Date(readClock() === "utc" ? `${value}Z` : value).toISOString();
}
