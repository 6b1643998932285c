/** Formats a time (Unix milliseconds) for an input of type `datetime-local`, in the reader's zone. */
export function toLocalInput(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
