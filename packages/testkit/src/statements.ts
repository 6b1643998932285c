/**
 * Vitest setup file: with `POSTHORN_TEST_STATEMENTS`, appends the statements that the product sends to PostgreSQL from the process of each
 * test file, one JSON line for each file. `scripts/check-statements.ts` reads them. Statements of server processes are not among them.
 */
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
/** The first file of the product in a stack, except for those through which most statements pass. */
const ISSUER =
  /packages\/(posthorn\/(?!src\/store\/(?:dialect|transaction|postgres\/(?:connections|postgres-store))\.ts)\S+\.ts)/;
const MAX_FRAMES = 100;

type Query = (this: unknown, config: string | { readonly text: string }, ...rest: unknown[]) => unknown;

/** The file that issues the statement being sent; `null`: the stack does not say. */
function issuer(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const { stack } = new Error("A statement is sent.");
  Error.stackTraceLimit = limit;
  return ISSUER.exec(stack!)?.[1] ?? null;
}

function isOfProduct(path: string | null): boolean {
  return path === null || (path.startsWith("posthorn/src/") && !path.endsWith(".test.ts"));
}

const file = process.env["POSTHORN_TEST_STATEMENTS"];
if (file !== undefined) {
  const { default: pg } = await import("pg");
  const issued = new Map<string, string>();
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  prototype.query = function record(config, ...rest) {
    const text = typeof config === "string" ? config : config.text;
    if (!issued.has(text)) {
      const by = issuer();
      if (isOfProduct(by)) issued.set(text, by ?? "unknown");
    }
    return query.call(this, config, ...rest);
  };
  const path = relative(REPOSITORY, expect.getState().testPath ?? "");
  afterAll(() => {
    prototype.query = query;
    appendFileSync(file, `${JSON.stringify({ path, statements: Object.fromEntries(issued) })}\n`);
  });
}
