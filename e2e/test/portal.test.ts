/** The customer portal in a real browser: by link, in a frame of another origin, and as an element of a page. */
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { goTo } from "../lib/go-to.ts";
import {
  type HostPage,
  portalLink,
  portalPages,
  type PortalScene,
  setUpPortal,
  startHost,
} from "../lib/portal-scene.ts";
import { blockOf, portalSnippet } from "../lib/portal-snippets.ts";
import { useWorld } from "../lib/world.ts";

/** Responses of the product, by path. */
const files: Record<string, string> = {};
const host: HostPage = await startHost(files);
const stranger: HostPage = await startHost();
const browser = useBrowser();
const world = useWorld({
  env: {
    POSTHORN_RETRY_SCHEDULE: "3600",
    POSTHORN_PORTAL_FRAME_ANCESTORS: host.origin,
    POSTHORN_PORTAL_NAME: "Shop",
    POSTHORN_PORTAL_DOCS: "https://shop.example/docs/webhooks",
  },
});
let scene: PortalScene;

beforeAll(async () => {
  scene = await setUpPortal(world);
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

/** Detects a hang, not a slow machine. */
const AXE_MS = 900_000;
const READ_ONLY = { readOnly: true };

async function open(path = "/portal", options: { readonly access?: object; readonly page?: object } = {}) {
  const { token } = await portalLink(world, scene.app, options.access);
  const page = await browser.open({ token, ...options.page });
  await page.goto(world.server.url + path);
  return page;
}

async function inFrame(access: object = {}, query = ""): Promise<{ page: Page; frame: FrameLocator }> {
  const { url } = await portalLink(world, scene.app, access);
  host.show(`<iframe src="${url.replace("/portal", `/portal${query}`)}" style="width:900px;height:300px"></iframe>
    <script>window.heard = []; addEventListener("message", (event) => heard.push(event.data));</script>`);
  const page = await browser.open();
  await page.goto(host.origin);
  return { page, frame: page.frameLocator("iframe") };
}

async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count(), { timeout: 60_000 }).toBe(0);
}

describe("the filter of an endpoint", () => {
  it("is built from rows, with the fields of recent messages, also in German", async () => {
    const page = await open(`/portal/endpoints/${scene.good}?tab=matching`, { page: { locale: "de-DE" } });
    const card = page.getByRole("region", { name: "Filter" });
    await card.getByRole("button", { name: "Filter hinzufügen" }).click();
    const row = card.getByRole("listitem", { name: "Filterbedingung 1" });
    await expect.poll(() => page.locator('datalist option[value="body.amount"]').count()).toBeGreaterThan(0);
    expect(await card.getByRole("button", { name: "Speichern" }).isDisabled()).toBe(true);
    await row.getByLabel("Feld").fill("body.amount");
    await row.getByLabel("Operator").selectOption({ label: "ist mindestens" });
    await row.getByLabel("Wert").fill("100");
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.getByLabel("Nachricht", { exact: true }).first().selectOption({ index: 1 });
    await page.getByRole("button", { name: "Test starten" }).first().click();
    await page.getByText("Dieser Endpunkt würde die Nachricht nicht empfangen").waitFor();
    await card.getByRole("button", { name: "Speichern" }).click();
    await card.getByText("Gespeichert").waitFor();
    const path = `/api/v1/app/${scene.app}/endpoint/${scene.good}/filter`;
    expect((await world.api.get(path)).json.filter).toEqual({ body: { amount: { $gte: 100 } } });
    await card.getByRole("button", { name: "Filter entfernen" }).click();
    await card.getByText("Es gibt keinen Filter").waitFor();
    await card.getByRole("button", { name: "Speichern" }).click();
    await expect.poll(async () => (await world.api.get(path)).json.filter).toBeNull();
  });
});

describe("the state of an endpoint", () => {
  it("is explained to customers in plain language, with what they can do", async () => {
    const id = (
      await world.api.post(`/api/v1/app/${scene.app}/endpoint`, {
        url: `${world.receiver.url}/bad`,
        channels: ["broken"],
      })
    ).json.id as string;
    const path = `/api/v1/app/${scene.app}/endpoint/${id}`;
    const policy = { breaker: { enabled: true, failures: 1, windowSeconds: 1 } };
    expect((await world.api.patch(`${path}/policy`, policy)).status).toBe(200);
    const failing = async (): Promise<unknown> => {
      const message = { eventType: "user.created", payload: {}, channels: ["broken"] };
      await world.api.post(`/api/v1/app/${scene.app}/msg`, message);
      return (await world.api.get(`${path}/state`)).json.state;
    };
    await expect.poll(failing, { interval: 300, timeout: 60_000 }).toBe("open");
    const page = await open(`/portal/endpoints/${id}`);
    await page.getByText("we have stopped sending for now").waitFor();
    await page.getByText("Sending suspended").first().waitFor();
    await page.getByRole("button", { name: "Try now" }).waitFor();
    expect((await page.locator("main").innerText()).toLowerCase()).not.toContain("circuit");
    await world.api.delete(path);
  });
});

describe("the list of endpoints", () => {
  it("says which endpoint is failing, and links to the operator's documentation", async () => {
    const page = await open();
    const rowOf = (end: string) => page.getByRole("row").filter({ hasText: end });
    // After one failed attempt, or after those of the previous tests.
    await rowOf("/bad")
      .getByText(/^(Retrying|Failing)$/)
      .waitFor();
    await rowOf("/good").getByText("Active", { exact: true }).waitFor();
    const docs = page.getByRole("contentinfo").getByRole("link", { name: "Documentation" });
    expect(await docs.getAttribute("href")).toBe("https://shop.example/docs/webhooks");
  });
});

describe("the appearance in the settings", () => {
  it("is shown in a preview, and as settings and the look of a link", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/settings?tab=portal`);
    await page.getByText("Nothing differs from the defaults.").waitFor();
    await page.getByLabel("Colour").fill("green");
    await page.getByText("Enter a colour as #rrggbb.").waitFor();
    await page.getByLabel("Colour").fill("#0a7d5c");
    await page.getByLabel("Product name").fill("Kontor");
    await page.getByRole("combobox", { name: "Theme" }).selectOption("dark");
    const preview = page.getByRole("region", { name: "Preview" });
    await preview.getByText("Kontor").waitFor();
    const button = preview.locator("button");
    await expect
      .poll(() => button.evaluate((one) => getComputedStyle(one).backgroundColor))
      .not.toBe("rgb(173, 54, 10)");
    const settings = await page.getByRole("group", { name: "For all portals" }).innerText();
    for (const part of ["POSTHORN_PORTAL_COLOUR", "#0a7d5c", "Kontor"]) expect(settings).toContain(part);
    const link = await page.getByRole("group", { name: "For one link" }).innerText();
    expect(JSON.parse(link)).toEqual({ look: { name: "Kontor", colour: "#0a7d5c", theme: "dark" } });
  });
});

describe("a link", () => {
  it("opens the portal of one application, and its token is removed from the URL", async () => {
    const { url, token } = await portalLink(world, scene.app);
    const page = await browser.open();
    await page.goto(url);
    await page.getByText("Acme Logistics").waitFor();
    await page.getByRole("link", { name: /good/ }).first().waitFor();
    expect(page.url()).toBe(`${world.server.url}/portal`);
    expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(token);
    await page.reload();
    await page.getByText("Acme Logistics").waitFor();
    expect(await page.title()).toBe("Endpoints · Shop");
  });

  it("shows that it has expired after its token was revoked", async () => {
    const { url, token } = await portalLink(world, scene.app);
    await world.api.post("/api/v1/auth/logout", {}, { token });
    const page = await browser.open();
    await page.goto(url);
    await page.getByText("This link has expired.").waitFor();
    expect(await page.getByRole("link").count()).toBe(0);
  });

  it("rejects a token of the organisation", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/portal`);
    await page.getByText("This operation requires an application token").waitFor();
    expect(await page.getByRole("link").count()).toBe(0);
  });

  it("sets the look: language, colour, theme and name", async () => {
    const look = { name: "Kontor", colour: "#0a7d5c", theme: "dark", language: "de", font: "Georgia" };
    const { url } = await portalLink(world, scene.app, { look });
    const page = await browser.open();
    await page.goto(url);
    await page.getByRole("heading", { level: 1, name: "Endpunkte" }).waitFor();
    await page.getByText("Kontor").waitFor();
    const seen = await page.evaluate(() => {
      const root = document.documentElement;
      return [root.lang, root.dataset["theme"], getComputedStyle(root).fontFamily.split(",")[0]];
    });
    expect(seen).toEqual(["de", "dark", "Georgia"]);
    await page.getByRole("link", { name: "Signatur" }).click();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Signatur" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  });

  it("ignores look parameters that could inject anything else", async () => {
    const page = await open(
      "/portal?primaryColor=red;background:url(//evil)&fontFamily=a;}b{&icon=javascript:alert(1)",
    );
    await settled(page);
    expect(await page.evaluate(() => document.documentElement.getAttribute("style"))).toBeNull();
    expect(await page.locator("header img").count()).toBe(0);
  });
});

describe("in a frame of another origin", () => {
  it("a customer creates an endpoint, sends it an example, and sees the delivery", async () => {
    const { frame } = await inFrame();
    await frame.getByRole("button", { name: "New endpoint" }).first().click();
    await frame.getByLabel("URL").fill("http://169.254.169.254/latest");
    await frame.getByText("This target is blocked.").waitFor();
    await frame.getByLabel("URL").fill(`${world.receiver.url}/framed`);
    await frame.getByText("Deliveries to this URL are allowed.").waitFor();
    await frame.getByRole("checkbox", { name: /^Billing/ }).check();
    await frame.getByText("3 types selected").waitFor();
    await frame.getByRole("checkbox", { name: /invoice\.refunded/ }).uncheck();
    await frame.getByRole("button", { name: "Create" }).click();
    await frame.getByRole("heading", { level: 1, name: /framed/ }).waitFor();
    const { json } = await world.api.get(`/api/v1/app/${scene.app}/endpoint`);
    const made = (json.data as { url: string; eventTypes: string[] }[]).find(({ url }) => url.endsWith("/framed"));
    expect(made?.eventTypes.toSorted()).toEqual(["invoice.failed", "invoice.paid"]);

    await frame.getByRole("link", { name: "Event catalogue" }).click();
    await frame.getByRole("link", { name: /invoice\.paid/ }).click();
    await frame.getByLabel("Endpoint").selectOption({ label: `${world.receiver.url}/framed` });
    await frame.getByRole("button", { name: "Send" }).click();
    await frame.getByText("HTTP 204 No Content").first().waitFor();
    const got = world.receiver.requests.find(({ path }) => path === "/framed");
    expect(JSON.parse(got!.body.toString())).toEqual({ id: "inv_1042", amount: 129.9, currency: "EUR" });
  });

  it("the parent page receives the height, and can change the look", async () => {
    const { page, frame } = await inFrame();
    await frame.getByRole("heading", { level: 1 }).waitFor();
    const heard = (type: string) =>
      page.evaluate(
        (wanted) =>
          (window as unknown as { heard: { type: string; payload: { height: number } }[] }).heard.findLast(
            (message) => message.type === wanted,
          )?.payload.height,
        type,
      );
    await expect.poll(() => heard("svix.iframe-resizer-height")).toBeGreaterThan(200);
    // The page may still grow between two checks.
    await expect
      .poll(async () => (await heard("posthorn.height")) === (await heard("svix.iframe-resizer-height")))
      .toBe(true);
    const theme = () => frame.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("light");
    await page.evaluate(() => {
      const { contentWindow } = document.querySelector("iframe")!;
      contentWindow!.postMessage({ type: "posthorn.look", payload: { theme: "dark", colour: "#0a7d5c" } }, "*");
    });
    await expect.poll(theme).toBe("dark");
    expect(await frame.locator("html").getAttribute("style")).toContain("--accent");
  });

  it("the portal cannot be embedded by origins that are not allowed, and the dashboard by none", async () => {
    const { url } = await portalLink(world, scene.app);
    const policies = async (path: string) =>
      (await fetch(world.server.url + path, { headers: { accept: "text/html" } })).headers.get(
        "content-security-policy",
      );
    expect(await policies("/portal")).toContain(`frame-ancestors ${host.origin}`);
    expect(await policies("/")).toContain("frame-ancestors 'none'");
    expect(await policies("/portalx")).toContain("frame-ancestors 'none'");
    stranger.show(`<iframe src="${url}"></iframe>`);
    const page = await browser.open({ refused: true });
    await page.goto(stranger.origin);
    await expect.poll(() => page.frames().length).toBe(2);
    expect(await page.frameLocator("iframe").getByText("Acme").count()).toBe(0);
  });
});

describe("a read-only token", () => {
  it("sees no control that changes anything", async () => {
    const { frame } = await inFrame(READ_ONLY);
    await frame.getByRole("link", { name: /bad/ }).first().click();
    await frame.getByRole("heading", { level: 1, name: /bad/ }).waitFor();
    for (const name of ["Disable", "Recover", "Send example", "New endpoint", "Delete endpoint"]) {
      expect([name, await frame.getByRole("button", { name }).count()]).toEqual([name, 0]);
    }
    expect(await frame.getByRole("link", { name: "Settings" }).count()).toBe(0);
    await frame.getByLabel("Endpoint").getByRole("link", { name: "Signing" }).click();
    await frame.getByText("You don’t have permission to view it here.").waitFor();
    expect(await frame.getByRole("button", { name: "Show" }).count()).toBe(0);
    await frame.getByLabel("Menu").getByRole("link", { name: "Deliveries" }).click();
    await frame.getByRole("link", { name: "invoice.paid" }).first().click();
    await frame.getByRole("heading", { name: /Matched \d endpoints?/ }).waitFor();
    expect(await frame.getByRole("button", { name: /resend|again|now/i }).count()).toBe(0);
  });

  it("is rejected by the server in requests that the page does not offer", async () => {
    const { token } = await portalLink(world, scene.app, READ_ONLY);
    const { app, bad, message } = scene;
    const at = `/api/v1/app/${app}`;
    const forged: readonly (readonly [string, string, object?])[] = [
      ["POST", `${at}/endpoint`, { url: "https://example.com" }],
      ["PATCH", `${at}/endpoint/${bad}`, { disabled: true }],
      ["PUT", `${at}/endpoint/${bad}`, { url: "https://example.com" }],
      ["DELETE", `${at}/endpoint/${bad}`],
      ["GET", `${at}/endpoint/${bad}/secret`],
      ["POST", `${at}/endpoint/${bad}/secret/rotate`, {}],
      ["PATCH", `${at}/endpoint/${bad}/headers`, { headers: { "x-a": "b" } }],
      ["PUT", `${at}/endpoint/${bad}/filter`, { filter: { body: { a: 1 } } }],
      ["GET", `${at}/endpoint/${bad}/transformation`],
      ["PATCH", `${at}/endpoint/${bad}/transformation`, { code: "function handler(w){return w}" }],
      ["PATCH", `${at}/endpoint/${bad}/policy`, { limits: { concurrency: 1 } }],
      ["POST", `${at}/endpoint/${bad}/recover`, { since: new Date(0).toISOString() }],
      ["POST", `${at}/endpoint/${bad}/replay-missing`, { since: new Date().toISOString() }],
      ["POST", `${at}/endpoint/${bad}/send-example`, { eventType: "invoice.paid" }],
      ["POST", `${at}/msg/${message}/endpoint/${bad}/resend`, {}],
      ["POST", `${at}/replay`, { since: new Date().toISOString() }],
      ["POST", `${at}/check-url`, { url: "https://example.com" }],
      ["POST", `${at}/msg`, { eventType: "a", payload: {} }],
      ["POST", "/api/v1/app", { name: "mine" }],
      ["POST", `/api/v1/auth/app-portal-access/${app}`, {}],
      ["POST", "/ingest/api/v1/source", { name: "mine", type: "github" }],
    ];
    for (const [method, path, body] of forged) {
      const response = await fetch(world.server.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect([path, response.status]).toEqual([path, 403]);
      await response.arrayBuffer();
    }
  });

  it("cannot gain permissions by changed claims", async () => {
    const { token } = await portalLink(world, scene.app, READ_ONLY);
    const [head, claims, signature] = token.split(".") as [string, string, string];
    const more = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), cap: ["ViewBase", "ManageEndpoint"] };
    const forged = `${head}.${Buffer.from(JSON.stringify(more)).toString("base64url")}.${signature}`;
    const { status } = await world.api.get("/api/v1/portal", { token: forged });
    expect(status).toBe(401);
  });
});

describe("another customer", () => {
  it("is not visible: its IDs get the same response as unknown IDs", async () => {
    const { token } = await portalLink(world, scene.app);
    const { app, endpoint, message } = scene.other;
    for (const path of [
      `app/${app}`,
      `app/${app}/endpoint`,
      `app/${app}/endpoint/${endpoint}/secret`,
      `app/${scene.app}/endpoint/${endpoint}`,
      `app/${scene.app}/endpoint/${endpoint}/secret`,
      `app/${scene.app}/msg/${message}`,
      `app/${scene.app}/attempt/msg/${message}`,
    ]) {
      const { status } = await world.api.get(`/api/v1/${path}`, { token });
      expect([path, status]).toEqual([path, 404]);
    }
    const page = await open(`/portal/endpoints/${endpoint}`);
    await page.getByText("There is no such endpoint.").waitFor();
  });
});

describe("signing", () => {
  it("reveals the secret on request, and shows code in nine languages and why a request fails verification", async () => {
    const page = await open(`/portal/endpoints/${scene.good}?tab=security`);
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText(/^whsec_[\w+/]/).waitFor();
    expect(await page.getByLabel("Language", { exact: true }).locator("option").count()).toBe(9);
    await page.getByLabel("Language", { exact: true }).selectOption("go");
    await page.getByText("standardwebhooks.NewWebhook").waitFor();

    const { headers, body } = world.receiver.requests.find(({ path }) => path === "/good")!;
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const head = names.map((name) => `${name}: ${headers[name]}`).join("\n");
    const ask = async (request: string): Promise<void> => {
      await page.getByLabel("Request").fill(request);
      await page.getByRole("button", { name: "Diagnose" }).click();
    };
    await ask(`POST /good HTTP/1.1\n${head}\n\n${body.toString()}`);
    await page.getByText("The request verifies.").waitFor();
    await ask(`${head}\n\n${body.toString()}\n`);
    await page.getByText("body_newline").waitFor();
    await page.getByLabel("Secret", { exact: true }).fill("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    await ask(`${head}\n\n${body.toString()}`);
    await page.getByText(/the secret belongs to another endpoint/).waitFor();
  });
});

describe("a disabled endpoint", () => {
  it("is shown, can be enabled with its failed messages, and the replay shows its progress", async () => {
    await world.api.patch(`/api/v1/app/${scene.app}/endpoint/${scene.bad}`, { disabled: true });
    const page = await open();
    await page.getByText("1 endpoint is disabled:").waitFor();
    await page.getByRole("link", { name: /bad/ }).first().click();
    await page.getByText("This endpoint is disabled.").first().waitFor();
    world.receiver.respondWith(204);
    await page.getByRole("button", { name: "Enable" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Resend failed messages").selectOption("day");
    await dialog.getByRole("button", { name: "Enable" }).click();
    await page.getByText("Finished").first().waitFor();
    expect(page.url()).toContain("/portal/replays/");
    await page.getByRole("progressbar").waitFor();
  });
});

describe("the name of Posthorn", () => {
  it("is in no page, its source, dialogs or code to copy", async () => {
    const source = await fetch(`${world.server.url}/portal`, { headers: { accept: "text/html" } });
    expect(await source.text()).not.toMatch(/posthorn/i);
    const page = await open();
    const named = async (place: string): Promise<readonly string[]> => {
      const html = await page.evaluate(() => document.documentElement.outerHTML);
      return [...html.matchAll(/.{0,60}posthorn.{0,60}/gi)].map(([found]) => `${place}: ${found}`);
    };
    const found: string[] = [];
    for (const [name, path] of portalPages(scene)) {
      await goTo(page, path);
      await settled(page);
      found.push(...(await named(name)));
    }
    await goTo(page, `/portal/endpoints/${scene.good}?tab=matching`);
    await page.getByRole("button", { name: "Start with an example" }).click();
    found.push(...(await named("transformation")));
    await goTo(page, "/portal");
    await page.getByRole("button", { name: "New endpoint" }).click();
    await page.getByRole("button", { name: "Choose another destination" }).click();
    await page.getByRole("radio", { name: "Slack" }).waitFor();
    found.push(...(await named("destinations")));
    expect(found).toEqual([]);
  });
});

describe("the element <posthorn-portal>", () => {
  it("shows the portal, grows with it, applies its attributes, and reports the end of the session", async () => {
    const { url, token } = await portalLink(world, scene.app);
    // The block of the documentation as it is, with the addresses of this server and another theme.
    const example = blockOf("html")
      .replace("https://hooks.example.com", world.server.url)
      .replace(/src="…[^"]*"/, `src="${url}"`);
    host.show(`${example.replace('theme="auto"', 'theme="dark"')}
      <script>document.querySelector("posthorn-portal").addEventListener("session-ended", () => (window.ended = true));</script>`);
    const page = await browser.open();
    await page.goto(host.origin);
    const frame = page.frameLocator("posthorn-portal iframe");
    await frame.getByRole("heading", { level: 1, name: "Endpunkte" }).waitFor();
    const theme = () => frame.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("dark");
    await page.evaluate(() => document.querySelector("posthorn-portal")!.setAttribute("theme", "light"));
    await expect.poll(theme).toBe("light");
    await frame.getByRole("link", { name: "Ereigniskatalog" }).click();
    const height = () => page.locator("posthorn-portal iframe").evaluate((element) => element.clientHeight);
    await expect.poll(height).toBeGreaterThan(450);

    await world.api.post("/api/v1/auth/logout", {}, { token });
    // A refresh can report the end before the click, and then the link is gone.
    const feed = frame.getByRole("link", { name: "Feed" });
    await expect
      .poll(async () => {
        await feed.click({ timeout: 1000 }).catch(() => undefined);
        return page.evaluate(() => "ended" in window);
      })
      .toBe(true);
    const next = await portalLink(world, scene.app);
    await page.evaluate((src) => document.querySelector("posthorn-portal")!.setAttribute("src", src), next.url);
    await frame.getByText("Acme Logistics").waitFor();
  });
});

describe("the component of the documentation", () => {
  it.each([
    ["React", "tsx"],
    ["Vue", "vue"],
  ] as const)("for %s shows the portal, and gets a new link after the session has ended", async (_, language) => {
    const link = async (): Promise<{ readonly url: string; readonly token: string }> => {
      const made = await portalLink(world, scene.app);
      files["/api/webhooks-link"] = JSON.stringify({ url: made.url });
      return made;
    };
    files["/page.js"] = await portalSnippet(language);
    const { url, token } = await link();
    host.show(`<script type="module" src="${world.server.url}/portal/embed.js"></script>
      <div id="root"></div><script type="module" src="/page.js"></script>`);
    const page = await browser.open();
    await page.goto(host.origin);
    const frame = page.frameLocator("posthorn-portal iframe");
    await frame.getByText("Acme Logistics").waitFor();
    const element = page.locator("posthorn-portal");
    expect(await element.getAttribute("src")).toBe(url);
    expect(await element.getAttribute("theme")).toBe("auto");

    const next = await link();
    await world.api.post("/api/v1/auth/logout", {}, { token });
    // A refresh can report the end before the click, and then the link is gone.
    const feed = frame.getByRole("link", { name: "Feed" });
    await expect
      .poll(async () => {
        await feed.click({ timeout: 1000 }).catch(() => undefined);
        return element.getAttribute("src");
      })
      .toBe(next.url);
    // A late response to the old token can end the new session as well, for which a product would create one more link.
  });
});

describe("the keyboard alone", () => {
  it("reaches the content and the dialog, and returns to where the dialog was opened", async () => {
    const page = await open();
    await settled(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    // Skips the button that sends an example.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.getByLabel("URL").fill("https://example.com/hook");
    await page.getByRole("checkbox", { name: /^Billing/ }).focus();
    await page.keyboard.press("Space");
    await page.getByText("3 types selected").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("New endpoint");
  });
});

describe("in light and dark colours", () => {
  it(
    "axe finds no violation on any page, with a custom brand colour",
    async () => {
      const { url } = await portalLink(world, scene.app, { look: { colour: "#ffd400", theme: "auto" } });
      const page = await browser.open({ reducedMotion: "reduce" });
      await page.goto(url);
      await settled(page);
      const found: string[] = [];
      for (const [name, path] of portalPages(scene)) {
        await goTo(page, path);
        await settled(page);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          for (const fault of await axeFaults(page, colorScheme)) found.push(`${name} in ${colorScheme}: ${fault}`);
        }
      }
      expect(found).toEqual([]);
    },
    AXE_MS,
  );
});

describe("at the width of a phone", () => {
  it("no page scrolls horizontally", async () => {
    const page = await open("/portal", { page: { viewport: { width: 390, height: 844 }, hasTouch: true } });
    for (const [name, path] of portalPages(scene)) {
      await goTo(page, path);
      await settled(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([name, beyond <= 0]).toEqual([name, true]);
    }
  });
});
