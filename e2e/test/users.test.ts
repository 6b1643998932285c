/** People in a real browser: set-up, sign-in, invitation, profile, second factor, sessions, reset, command lines. */
import { createHash } from "node:crypto";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpAt } from "../../packages/posthorn/src/domain/user/totp.ts";
import { useBrowser } from "../lib/browser.ts";
import { picture } from "../lib/picture.ts";

const PASSWORD = "quiet-otter-mends-lamps";
const OTHER = "green-lanterns-drift-away";

const browser = useBrowser();
let server: TestServer;
let owner: Page;

beforeAll(async () => {
  server = await startServer({ dev: false });
});

afterAll(() => server?.[Symbol.asyncDispose]());

const overview = (page: Page): Promise<void> => page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();

async function historyOf(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  return entries.map(({ url }) => url);
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** A separate browser, in which the owner signs in. */
async function openOwner(path = "/"): Promise<Page> {
  const page = await browser.open({ reducedMotion: "reduce" });
  await page.goto(server.url + path);
  await signIn(page, "ada@engines.example", PASSWORD);
  return page;
}

/** Invites a person in the dashboard, and returns the link. */
async function invite(page: Page, email: string, role: string): Promise<string> {
  await page.goto(`${server.url}/users`);
  await page.getByRole("button", { name: "Invite user" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email address").fill(email);
  await dialog.getByLabel("Role").selectOption(role);
  await dialog.getByRole("button", { name: "Create" }).click();
  return await linkIn(page);
}

async function linkIn(page: Page): Promise<string> {
  const text = await page
    .getByText(/#code=/)
    .first()
    .textContent();
  return text!.trim();
}

async function acceptAs(link: string, name: string): Promise<Page> {
  const page = await browser.open({ reducedMotion: "reduce" });
  await page.goto(link);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(OTHER);
  await page.getByRole("button", { name: "Create account" }).click();
  await overview(page);
  return page;
}

/** Records each language and main heading that the page shows from its next load. */
async function watchHeadings(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(globalThis, { seenHeadings: seen });
    const look = (): void => {
      const heading = document.querySelector("h1")?.textContent;
      if (heading !== undefined) seen.add(`${document.documentElement.lang} ${heading}`);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

function seenHeadings(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => [...(globalThis as unknown as { readonly seenHeadings: Set<string> }).seenHeadings]);
}

/** Each test visits several pages, in its own browsers. */
const WALK = { timeout: 600_000 };

describe("people in the dashboard", WALK, () => {
  it("set up a new server with the link in its log, which leaves no trace in the address", async () => {
    // The server logs it after it listens.
    const link = await eventually(() => {
      const found = /"link":"([^"]+)"/.exec(server.log)?.[1];
      if (found === undefined) throw new Error("The server has not logged its link yet.");
      return Promise.resolve(found);
    });
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(server.url);
    await page.getByText("This server has no users yet.").waitFor();
    await page.goto(link);
    await page.getByRole("heading", { name: "Create the first user" }).waitFor();
    await picture(page, "set-up");
    await page.reload();
    await page.getByLabel("Email address").fill("Ada@Engines.example");
    await page.getByLabel("Name").fill("Ada Lovelace");
    await page.getByLabel("Password").fill("password1234");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("too easy to guess").waitFor();
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await overview(page);
    expect(page.url()).toBe(`${server.url}/`);
    expect((await historyOf(page)).filter((url) => url.includes("code="))).toEqual([]);
    expect(
      await page.evaluate(() =>
        JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage), document.cookie]),
      ),
    ).not.toMatch(/phs_|posthorn\.link/);
    // A second tab of the browser shares the session.
    const tab = await page.context().newPage();
    await tab.goto(`${server.url}/messages`);
    await tab.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
  });

  it("sign in with their password, and stay on the page that they wanted and on this origin", async () => {
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(`${server.url}/messages?redirect=https://elsewhere.example&next=//elsewhere.example`);
    await page.getByLabel("Email address").waitFor();
    await picture(page, "sign-in");
    await signIn(page, "ada@engines.example", "wrong password");
    await page.getByText("The email address or the password is wrong.").waitFor();
    await signIn(page, "ada@engines.example", PASSWORD);
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    expect(new URL(page.url()).origin).toBe(server.url);
    await page.goto(`${server.url}//elsewhere.example/`);
    expect(new URL(page.url()).origin).toBe(server.url);
  });

  it("invite others, who create their account, and see only what their role allows", async () => {
    owner = await openOwner();
    await overview(owner);
    const link = await invite(owner, "grace@engines.example", "viewer");
    await owner.getByText("grace@engines.example").first().waitFor();
    await picture(owner, "users-with-invitation");
    const grace = await acceptAs(link, "Grace Hopper");
    await grace.goto(link);
    await grace.getByText("has been used, withdrawn or has expired").waitFor();
    await grace.goto(`${server.url}/users`);
    await grace.getByText("people:manage").waitFor();
    await owner.reload();
    await owner.getByText("Grace Hopper").waitFor();
    expect(await owner.getByText("Open invitations").count()).toBe(0);
    await picture(owner, "users");
  });

  it("set up one-time codes with a QR code, and need one at the next sign-in", async () => {
    const page = await openOwner("/profile");
    await page.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
    const card = page.getByRole("region", { name: "Two-factor authentication" });
    await card.getByLabel("Current password").fill(PASSWORD);
    await card.getByRole("button", { name: "Set up" }).click();
    await card.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
    await picture(page, "second-factor");
    const secret = /[A-Z2-7]{32}/.exec((await card.textContent()) ?? "")![0];
    const step = (): number => Math.floor(Date.now() / 30_000);
    await card.getByLabel("Code", { exact: true }).fill(totpAt(secret, step() - 1));
    await card.getByRole("button", { name: "Turn on" }).click();
    const codes = card.getByRole("listitem");
    await codes.first().waitFor();
    expect(await codes.count()).toBe(10);
    const recovery = (await codes.first().textContent())!;
    await picture(page, "profile");

    const next = await browser.open({ reducedMotion: "reduce" });
    await next.goto(server.url);
    await signIn(next, "ada@engines.example", PASSWORD);
    await next.getByLabel("Code", { exact: true }).fill("000000");
    await next.getByRole("button", { name: "Verify" }).click();
    await next.getByRole("alert").waitFor();
    await picture(next, "second-factor-sign-in");
    await next.getByLabel("Code", { exact: true }).fill(totpAt(secret, step()));
    await next.getByRole("button", { name: "Verify" }).click();
    await overview(next);

    await card.getByRole("button", { name: "Turn off" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Code", { exact: true }).fill(recovery);
    await dialog.getByRole("button", { name: "Turn off" }).click();
    await card.getByRole("button", { name: "Set up" }).waitFor();
  });

  it("end a session in the list: its browser is signed out, and signing out ends all tabs", async () => {
    const [here, there] = [await openOwner("/profile"), await openOwner()];
    await overview(there);
    await here.reload();
    const others = here.getByRole("row").filter({ hasText: "End" });
    await others.first().waitFor();
    for (let left = await others.count(); left > 0; left--) {
      await others.first().getByRole("button", { name: "End" }).click();
      await here.getByRole("dialog").getByRole("button", { name: "End" }).click();
      await expect.poll(() => others.count()).toBe(left - 1);
    }
    const ended = there.getByText("Your session has ended. Sign in again.").waitFor();
    // The overview may reload its figures, and notice the end of the session by itself.
    const clicked = there.getByRole("link", { name: "Messages" }).first().click();
    await Promise.race([ended, clicked.catch(() => ended)]);
    await ended;
    const tab = await here.context().newPage();
    await tab.goto(server.url);
    await overview(tab);
    await here.getByRole("button", { name: "Theme, language and session" }).first().click();
    await here.getByRole("menuitem", { name: "Sign out" }).click();
    await tab.getByLabel("Password").waitFor();
  });

  it("get a reset link from an owner, which works once", async () => {
    const page = await openOwner("/users");
    const row = page.getByRole("row").filter({ hasText: "grace@engines.example" });
    await row.getByRole("button", { name: "Manage" }).click();
    await page.getByRole("dialog").getByLabel("Role").waitFor();
    await picture(page, "manage-user");
    await page.getByRole("button", { name: "Reset link" }).click();
    await page.getByRole("dialog").last().getByRole("button", { name: "Create" }).click();
    const link = await linkIn(page);
    const grace = await browser.open({ reducedMotion: "reduce" });
    await grace.goto(link);
    await grace.getByText("For the account grace@engines.example").waitFor();
    await picture(grace, "reset");
    await grace.getByLabel("New password").fill("slow-harbour-evening-tin");
    await grace.getByRole("button", { name: "Set password" }).click();
    await overview(grace);
    await grace.goto(link);
    await grace.getByText("has been used, replaced or has expired").waitFor();
    expect(await grace.getByLabel("New password").count()).toBe(0);
  });

  it("connect an MCP client that they decide about after signing in, and revoke it", async () => {
    const callback = "http://127.0.0.1:9/callback";
    const registered = await fetch(`${server.url}/oauth/register`, {
      method: "POST",
      body: JSON.stringify({ client_name: "Editor on a laptop", redirect_uris: [callback] }),
    });
    const { client_id: id } = (await registered.json()) as Record<string, string>;
    const verifier = "v".repeat(43);
    const query = new URLSearchParams({
      response_type: "code",
      client_id: id!,
      redirect_uri: callback,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      state: "1e5",
      resource: `${server.url}/mcp`,
    });
    const page = await openOwner(`/oauth/authorize?${query.toString()}`);
    await page.getByText("Editor on a laptop").waitFor();
    await page.getByText("Not verified").waitFor();
    await page.getByText("127.0.0.1:9").waitFor();
    await picture(page, "connect");
    await page.route(`${callback}?**`, (route) => route.fulfill({ body: "The client has what it needs." }));
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("The client has what it needs.").waitFor();
    const answer = new URL(page.url()).searchParams;
    expect([answer.get("state"), answer.get("iss")]).toEqual(["1e5", server.url]);
    const exchanged = await fetch(`${server.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: id!,
        code: answer.get("code")!,
        code_verifier: verifier,
        redirect_uri: callback,
        resource: `${server.url}/mcp`,
      }),
    });
    const { access_token: token, scope } = (await exchanged.json()) as Record<string, string>;
    expect(scope).toBe("mcp:read");
    const call = async (): Promise<number> => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
      const headers = { authorization: `Bearer ${token!}`, "content-type": "application/json" };
      return (await fetch(`${server.url}/mcp`, { method: "POST", headers, body })).status;
    };
    expect(await call()).toBe(200);
    await page.goto(`${server.url}/settings?tab=agents`);
    const row = page.getByRole("row").filter({ hasText: "Editor on a laptop" });
    await row.getByText("Read", { exact: true }).waitFor();
    await picture(page, "connected-clients");
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("alertdialog").or(page.getByRole("dialog")).getByRole("button", { name: "Revoke" }).click();
    await page.getByText("No clients are connected.").waitFor();
    expect(await call()).toBe(401);
  });

  it("approve a command line, which then has a token", async () => {
    const started = await fetch(`${server.url}/api/v1/device/code`, {
      method: "POST",
      body: new URLSearchParams({ client_id: "posthorn on a laptop" }),
    });
    const device = (await started.json()) as Record<string, string>;
    const page = await openOwner(
      new URL(device["verification_uri_complete"]!).pathname + new URL(device["verification_uri_complete"]!).search,
    );
    await page.getByText("posthorn on a laptop").waitFor();
    await picture(page, "device");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved.").waitFor();
    const polled = await fetch(`${server.url}/api/v1/device/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: device["device_code"]!,
      }),
    });
    const { access_token: token } = (await polled.json()) as Record<string, string>;
    const headers = { authorization: `Bearer ${token!}` };
    expect((await fetch(`${server.url}/api/v1/app`, { headers })).status).toBe(200);
  });

  it("see the pages in German from the start when they chose it, and nothing in another language", async () => {
    const page = await openOwner("/profile");
    // An earlier choice in this browser must not override the one in the profile.
    await page.evaluate(() => localStorage.setItem("posthorn.language", "en"));
    await page.getByLabel("Language", { exact: true }).selectOption("de");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Profil", exact: true }).waitFor();
    await watchHeadings(page);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Profil", exact: true }).waitFor();
    expect(await page.getAttribute("html", "lang")).toBe("de");
    expect(await seenHeadings(page)).toEqual(["de Profil"]);
    await picture(page, "profile-de");

    // At sign-in, without a reload of the page.
    const other = await browser.open({ reducedMotion: "reduce" });
    await watchHeadings(other);
    await other.goto(server.url);
    await signIn(other, "ada@engines.example", PASSWORD);
    await other.getByRole("heading", { level: 1, name: "Übersicht", exact: true }).waitFor();
    expect((await seenHeadings(other)).filter((seen) => !/sign in|anmelden/i.test(seen))).toEqual(["de Übersicht"]);

    await page.getByLabel("Sprache", { exact: true }).selectOption("en");
    await page.getByRole("button", { name: "Speichern", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Profile", exact: true }).waitFor();
    expect(await page.getAttribute("html", "lang")).toBe("en");
  });
});
