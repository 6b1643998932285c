/** People with each role see the actions that their role allows, and settings that they cannot change as read-only. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { en } from "../../packages/dashboard/src/i18n/en.ts";
import type { Permission } from "../../packages/posthorn/src/domain/grant.ts";
import { type Role, ROLE_PERMISSIONS } from "../../packages/posthorn/src/domain/role.ts";
import { useBrowser } from "../lib/browser.ts";
import { type HostileScene, setUpHostileScene } from "../lib/hostile-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
let scene: HostileScene;

beforeAll(async () => {
  scene = await setUpHostileScene(world);
});

/** Detects a hang, not a slow machine. */
const WALK_MS = 900_000;

/** Opens a browser in which an invited person is signed in. */
async function signedIn(fields: { readonly email: string; readonly role: Role; readonly app?: string }): Promise<Page> {
  const { json } = await world.api.post("/api/v1/invitation", fields);
  const code = String(json["url"]).split("#code=")[1]!;
  const response = await fetch(`${world.server.url}/api/v1/sign-in/invitation/accept`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-posthorn-csrf": "1", origin: world.server.url },
    body: JSON.stringify({ code, name: fields.role, password: "quiet-otter-mends-lamps" }),
  });
  expect(response.status).toBe(200);
  const page = await browser.open({ reducedMotion: "reduce", viewport: { width: 1440, height: 900 } });
  const cookies = response.headers.getSetCookie().map((line) => {
    const [name = "", value = ""] = line.split(";")[0]!.split("=");
    return { name, value, url: world.server.url };
  });
  await page.context().addCookies(cookies);
  return page;
}

interface Shown {
  readonly path: string;
  /** Names of buttons and links, with the permission that each needs. */
  readonly controls: Readonly<Record<string, Permission>>;
  /** Permission without which the page says that it is read-only. */
  readonly form?: Permission;
}

function pages(): readonly Shown[] {
  const app = `/applications/${scene.app}`;
  const endpoint = `${app}/endpoints/${scene.endpoint}`;
  return [
    {
      path: "/applications",
      controls: {
        [en.applications.new]: "applications:write",
        [en.nav.users]: "people:manage",
        [en.nav.audit]: "audit:read",
      },
    },
    { path: app, controls: { [en.endpoints.new]: "endpoints:write" } },
    {
      path: `${app}?tab=settings`,
      controls: { [en.applications.delete]: "applications:write", [en.portalAccess.create]: "tokens:issue" },
      form: "settings:write",
    },
    { path: `${app}?tab=policy`, controls: { [en.actions.save]: "settings:write" }, form: "settings:write" },
    {
      path: endpoint,
      controls: { [en.endpoints.recover]: "messages:replay", [en.actions.disable]: "endpoints:write" },
    },
    {
      path: `${endpoint}?tab=settings`,
      controls: { [en.endpoints.delete]: "endpoints:write", [en.actions.save]: "endpoints:write" },
      form: "endpoints:write",
    },
    { path: `${app}/messages/${scene.message}`, controls: { [en.share.open]: "payloads:read" } },
    { path: "/event-types", controls: { [en.eventTypes.new]: "event-types:write" } },
    { path: "/sources", controls: { [en.sources.new]: "sources:write" } },
    {
      path: `/sources/${scene.source}?tab=settings`,
      controls: { [en.sourceEdit.delete]: "sources:write" },
      form: "sources:write",
    },
    { path: "/watches", controls: { [en.watches.new]: "watches:write" } },
    { path: "/replays", controls: { [en.replays.new]: "messages:replay" } },
    {
      path: "/settings",
      controls: {
        [en.settings.tabs.keys]: "keys:manage",
        [en.settings.tabs.signIn]: "people:manage",
        [en.settings.tabs.privacy]: "privacy:manage",
      },
    },
  ];
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(world.server.url + path);
  await page.locator('h1, main [role="alert"], [role="alert"]').first().waitFor();
  await expect.poll(() => page.getByRole("status", { name: /^Loading$/ }).count()).toBe(0);
}

/** Names of those controls that the page shows. */
async function shown(page: Page, names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names) {
    const control = page
      .getByRole("button", { name, exact: true })
      .or(page.getByRole("link", { name, exact: true }))
      .first();
    if (await control.isVisible()) found.push(name);
  }
  return found;
}

/** The state of a page once it is the expected one, or after ten seconds: parts of a page appear with their data. */
async function settled<State>(read: () => Promise<State>, expected: State): Promise<State> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const state = await read();
    if (isDeepStrictEqual(state, expected) || Date.now() > deadline) return state;
    await delay(100);
  }
}

/** Whether the form of a page says that it is read-only. The retention periods next to it need a separate permission. */
async function saysReadOnly(page: Page): Promise<boolean> {
  const notice = en.actions.readOnly;
  const ofRetention = page.getByRole("region", { name: en.retention.title }).getByText(notice);
  return (await page.getByText(notice).count()) > (await ofRetention.count());
}

describe("a user with the role", () => {
  it.each(["viewer", "support", "auditor", "developer", "admin"] as const)(
    "%s sees the actions that the role allows, and no others",
    async (role) => {
      const page = await signedIn({ email: `${role}@engines.example`, role });
      const may = ROLE_PERMISSIONS[role];
      const wrong: unknown[] = [];
      for (const { path, controls, form } of pages()) {
        await open(page, path);
        const names = Object.keys(controls);
        const allowed = names.filter((name) => may.has(controls[name]!));
        const expected = { path, seen: allowed, isReadOnly: form !== undefined && !may.has(form) };
        const state = async () => ({
          path,
          seen: await shown(page, names),
          isReadOnly: form !== undefined && (await saysReadOnly(page)),
        });
        const actual = await settled(state, expected);
        if (!isDeepStrictEqual(actual, expected)) wrong.push({ actual, expected });
      }
      expect(wrong).toEqual([]);
    },
    WALK_MS,
  );

  it(
    "developer in one application sees its actions there, and none for the organisation",
    async () => {
      const { json } = await world.api.post("/api/v1/app", { name: "Other" });
      const page = await signedIn({ email: "one@engines.example", role: "developer", app: scene.app });
      await open(page, "/applications");
      expect(await shown(page, [en.applications.new])).toEqual([]);
      expect(await page.getByText("Other", { exact: true }).count()).toBe(0);
      await open(page, `/applications/${scene.app}`);
      expect(await shown(page, [en.endpoints.new])).toEqual([en.endpoints.new]);
      await page.goto(`${world.server.url}/applications/${String(json["id"])}`);
      await page.getByRole("alert").first().waitFor();
      expect(await shown(page, [en.endpoints.new])).toEqual([]);
    },
    WALK_MS,
  );
});
