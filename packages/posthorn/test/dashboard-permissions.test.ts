/** The dashboard offers an action only to callers who have the permission of its route. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROUTES } from "../src/api/routes.ts";
import { PERMISSIONS } from "../src/domain/grant.ts";

const SOURCES = join(import.meta.dirname, "../../dashboard/src");

/** Controls that are shown by capability, which `layout/operator.tsx` translates to these permissions. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CreateAttempts: "messages:replay",
  ManageEndpoint: "endpoints:write",
  ManageEndpointSecret: "endpoints:write",
};

/** Files whose controls are shown by another file, which checks the permission. */
const CHECKED_ELSEWHERE: Readonly<Record<string, string>> = {
  // A preview that runs while a watch is edited, for callers who may see payloads; others see the server's error.
  "parts/use-dry-run.ts": "payloads:read",
  "parts/hub-requests.tsx": "endpoints:write",
  "parts/hub-subscriptions.tsx": "endpoints:write",
  "parts/rest-hooks.tsx": "endpoints:write",
  "parts/test-destination.tsx": "messages:replay",
  "parts/send-example.tsx": "messages:replay",
  "parts/endpoint-view.tsx": "endpoints:write",
  "pages/application.tsx": "settings:write",
  "pages/new-watch.tsx": "watches:write",
  "pages/portal-catalogue.tsx": "messages:replay",
};

/** Actions for everyone who can read: their own account, and checks that change nothing. */
const OPEN = "read";

const routeOf = new Map(ROUTES.map((route) => [`${route.method} ${route.path.replaceAll(/:(\w+)/g, "{$1}")}`, route]));

interface Action {
  readonly file: string;
  readonly call: string;
  readonly permission: string;
}

function actionsOf(file: string): readonly Action[] {
  const text = readFileSync(join(SOURCES, file), "utf8");
  return [...text.matchAll(/api\.(POST|PUT|PATCH|DELETE)\(\s*"([^"]+)"/g)].flatMap(([, method, path]) => {
    const call = `${method!} ${path!}`;
    // Sign-in has its own routes, which need no permission.
    const permission = routeOf.get(call)?.permission ?? OPEN;
    return permission === OPEN ? [] : [{ file, call, permission }];
  });
}

const files = globSync("**/*.{ts,tsx}", { cwd: SOURCES }).filter((file) => !file.endsWith(".test.ts"));
const actions = files.flatMap((file) => actionsOf(file));

describe("each action of the dashboard", () => {
  it("is found in its sources", () => {
    expect(actions.length).toBeGreaterThan(80);
  });

  it("is offered only with the permission of its route", () => {
    const unchecked = actions.filter(({ file, permission }) => {
      if (CHECKED_ELSEWHERE[file] === permission) return false;
      const text = readFileSync(join(SOURCES, file), "utf8");
      const isNeeded = text.includes(`"${permission}"`);
      const byCapability = Object.entries(BY_CAPABILITY).some(
        ([capability, of]) => of === permission && text.includes(`can("${capability}")`),
      );
      return !isNeeded && !byCapability;
    });
    expect(unchecked).toEqual([]);
  });

  it("uses permissions that exist", () => {
    const named = files.flatMap((file) =>
      [...readFileSync(join(SOURCES, file), "utf8").matchAll(/(?:needs|\bto)=\{?"([a-z-]+:[a-z]+)"/g)].map(
        ([, name]) => name!,
      ),
    );
    expect(named.filter((name) => !(PERMISSIONS as readonly string[]).includes(name))).toEqual([]);
  });
});
