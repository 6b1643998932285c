/** Flags in the environment variable `NODE_OPTIONS`. Imports nothing, because it is read before the program is loaded. */
export function nodeOptions(): readonly string[] {
  return (process.env["NODE_OPTIONS"] ?? "").split(/\s+/).filter((flag) => flag !== "");
}
