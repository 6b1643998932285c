/**
 * The router of Fastify generates functions with `new Function`: one for each node of its tree, and two for each route. For the 369 routes of
 * the API and those for HEAD, these are 1,719, which take more than half of the time to add the routes. In the bundle, nodes compare their text
 * without a function of their own, and routes share functions with the same code.
 */
import type { Plugin } from "rolldown";

interface Change {
  readonly file: RegExp;
  readonly from: string;
  readonly to: string;
  /** How often the text occurs. Another number means that the router has changed. */
  readonly times: number;
  /** Code at the end of the file. */
  readonly added: string;
}

const SHARED = `
const sharedFunctions = new Map()
function sharedFunction (parameter, body) {
  const key = parameter + ' ' + body
  let found = sharedFunctions.get(key)
  if (found === undefined) sharedFunctions.set(key, found = new Function(parameter, body))
  return found
}
`;

const CHANGES: readonly Change[] = [
  {
    file: /[/\\]find-my-way[/\\]lib[/\\]node\.js$/,
    // Longer texts are compared with `indexOf`, for which no function is generated.
    from: "const LONG_PREFIX_MIN_LENGTH = 16",
    to: "const LONG_PREFIX_MIN_LENGTH = 2",
    times: 1,
    added: "",
  },
  {
    file: /[/\\]find-my-way[/\\]lib[/\\]handler-storage\.js$/,
    from: "new Function(",
    to: "sharedFunction(",
    times: 2,
    added: SHARED,
  },
];

/** Changes the router. The build fails if the router is not the expected one. */
export function withoutRouterFunctions(): Plugin {
  const pending = new Set(CHANGES);
  return {
    name: "without-router-functions",
    transform(code, id) {
      const change = CHANGES.find(({ file }) => file.test(id));
      if (change === undefined) return null;
      pending.delete(change);
      return changed(code, change);
    },
    buildEnd(error) {
      if (error === undefined && pending.size > 0)
        throw new Error("The bundle does not contain the router of Fastify.");
    },
  };
}

function changed(code: string, { file, from, to, times, added }: Change): string {
  const parts = code.split(from);
  if (parts.length - 1 !== times) throw new Error(`${file.source} has changed: see scripts/router-functions.ts.`);
  return parts.join(to) + added;
}
