import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import { PACKAGE } from "../../../../scripts/bundle-parts.ts";
import { withoutRouterFunctions } from "../../../../scripts/router-functions.ts";
import { ROUTES } from "./routes.ts";

interface Found {
  readonly store: unknown;
  readonly params: object;
}

interface Router {
  on(method: string, path: string, handler: () => void, store: unknown): void;
  find(method: string, path: string): Found | null;
}

type CreateRouter = (options: object) => Router;

const ROUTER = createRequire(createRequire(join(PACKAGE, "package.json")).resolve("fastify")).resolve("find-my-way");

/** The router as in the bundle of the server, and the functions that it generated. */
async function bundledRouter(): Promise<{ readonly create: CreateRouter; readonly generated: () => number }> {
  await using bundle = await rolldown({ input: ROUTER, platform: "node", plugins: [withoutRouterFunctions()] });
  const { output } = await bundle.generate({ format: "cjs" });
  const module: { exports: CreateRouter | null } = { exports: null };
  let generated = 0;
  const counting = new Proxy(Function, {
    construct: (target, parts: string[]) => {
      generated++;
      return Reflect.construct(target, parts);
    },
  });
  const evaluate = compileFunction(output[0].code, ["module", "require", "Function"]);
  evaluate(module, createRequire(ROUTER), counting);
  return { create: module.exports!, generated: () => generated };
}

function addRoutes(create: CreateRouter): Router {
  const router = create({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 300 });
  for (const { method, path, operationId } of ROUTES) router.on(method, path, () => undefined, operationId);
  return router;
}

const PATHS = ROUTES.flatMap(({ method, path }) => {
  const filled = path.replaceAll(/:(\w+)/g, "a-$1");
  return [filled, `${filled}/`, `${filled}x`, filled.slice(0, -1), filled.replace("/v1/", "//v1/")].map((url) => ({
    method,
    url,
  }));
});

describe("the router in the bundle of the server", () => {
  it("finds the same routes and parameters as the original", async () => {
    const [bundled, original] = [addRoutes((await bundledRouter()).create), addRoutes(createRequire(ROUTER)(ROUTER))];
    const view = (router: Router) =>
      PATHS.map(({ method, url }) => {
        const found = router.find(method, url);
        return `${method} ${url}: ${found === null ? "none" : `${String(found.store)} ${JSON.stringify(found.params)}`}`;
      });
    const found = view(bundled);
    expect(found.filter((line) => !line.endsWith(": none")).length).toBeGreaterThan(3 * ROUTES.length);
    expect(found).toEqual(view(original));
  });

  it("generates a function per set of parameters, and none per route", async () => {
    const { create, generated } = await bundledRouter();
    addRoutes(create);
    expect(generated()).toBeLessThan(ROUTES.length / 4);
  });
});
