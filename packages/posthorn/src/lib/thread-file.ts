/**
 * Finds the file of a worker thread: in the repository a `.ts` file, in the built package a `.js` file next to the code
 * that starts it.
 */

/** @param name Path without its extension, such as `./thread`, relative to the module with the URL `from`. */
export function threadFile(name: string, from: string): URL {
  return new URL(`${name}.${from.endsWith(".ts") ? "ts" : "js"}`, from);
}
