/**
 * Node evaluates every export of a built-in module that is imported with `import`. Some exports of `node:http` are getters that load
 * the client behind `fetch`, which takes 60 ms of CPU time and 3 MiB of memory. `process.getBuiltinModule` evaluates none of them.
 */

const IMPORT = /^import (?:(\* as )?([\w$]+))?(?:, )?(?:\{([^{}]*)\})? from "(?:node:)?http";$/gm;
const MODULE = 'process.getBuiltinModule("node:http")';

/** Replaces the imports of `node:http` in the code of a bundled file. */
export function withoutHttpImports(code: string): string {
  return code.replace(IMPORT, (_, _all: string | undefined, whole: string | undefined, names: string | undefined) =>
    [
      ...(whole === undefined ? [] : [`const ${whole} = ${MODULE};`]),
      ...(names === undefined ? [] : [`const {${names.replaceAll(" as ", ": ")}} = ${MODULE};`]),
    ].join(" "),
  );
}
