/** The languages of the customer portal in a real browser: those that are built in, and those that the operator adds. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { portalLink, type PortalScene, setUpPortal } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

/** Languages of the operator: one more, and informal German in one place. */
const languages = mkdtempSync(join(tmpdir(), "posthorn-languages-"));
writeFileSync(
  join(languages, "it.json"),
  JSON.stringify({
    name: "Italiano",
    texts: { portal: { nav: { signing: "Firma" } }, endpoints: { title: "Endpoint", new: "Nuovo endpoint" } },
    kinds: { "Sends each event as a signed HTTP request to your URL.": "Invia ogni evento al tuo URL." },
  }),
);
writeFileSync(
  join(languages, "de.json"),
  JSON.stringify({ name: "Deutsch", texts: { portal: { endpoints: { lead: "Deine URLs." } } } }),
);

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_PORTAL_LANGUAGES: languages } });
let scene: PortalScene;

beforeAll(async () => {
  scene = await setUpPortal(world);
});

afterAll(() => rmSync(languages, { recursive: true }));

async function open(path: string, locale: string): Promise<Page> {
  const { token } = await portalLink(world, scene.app);
  const page = await browser.open({ token, locale });
  await page.goto(world.server.url + path);
  return page;
}

describe("the language of the portal", () => {
  it("is that of the browser, including French and Spanish, and the choice of the customer is kept", async () => {
    const page = await open(`/portal/endpoints/${scene.bad}`, "fr-FR");
    await page.getByRole("link", { name: "Catalogue d’événements" }).waitFor();
    await page.getByRole("region", { name: "Santé" }).getByText("Tentatives réussies", { exact: true }).waitFor();
    await page.getByText("Derniers échecs").waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("fr");
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.getByRole("button", { name: "Thème, langue et session" }).click();
    await page.getByRole("menuitemradio", { name: "Español" }).click();
    await page.getByRole("link", { name: "Catálogo de eventos" }).waitFor();
    await page.reload();
    await page.getByRole("region", { name: "Salud" }).getByText("Intentos correctos", { exact: true }).waitFor();
    // The dashboard is not translated into Spanish.
    const dashboard = await browser.open({ locale: "es-ES" });
    await dashboard.goto(world.server.url);
    await dashboard.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    expect(await dashboard.evaluate(() => document.documentElement.lang)).toBe("en");
  });
});

describe("a language of the operator", () => {
  it("is replaced with English if its file cannot be loaded", async () => {
    const { token } = await portalLink(world, scene.app);
    const page = await browser.open({ token, locale: "it-IT" });
    await page.route("**/portal/languages/it.json", (route) => route.abort());
    await page.goto(`${world.server.url}/portal`);
    await page.getByRole("link", { name: "Event catalogue" }).waitFor();
    expect(await page.getByRole("link", { name: "Firma" }).count()).toBe(0);
  });

  it("is offered in the menu, and shown in links and by the browser's language, with English where it has no text", async () => {
    const { url } = await portalLink(world, scene.app, { look: { language: "it" } });
    const page = await browser.open();
    await page.goto(url);
    await page.getByRole("heading", { level: 1, name: "Endpoint", exact: true }).waitFor();
    await page.getByRole("link", { name: "Firma" }).waitFor();
    await page.getByRole("link", { name: "Event catalogue" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("it");
    await page.getByRole("button", { name: "Nuovo endpoint" }).click();
    await page.getByText("Invia ogni evento al tuo URL.").first().waitFor();

    const swiss = await open("/portal", "it-CH");
    await swiss.getByRole("link", { name: "Firma" }).waitFor();
    await swiss.getByRole("button", { name: "Theme, language and session" }).click();
    await swiss.getByRole("menuitemradio", { name: "Italiano" }).waitFor();
    await swiss.getByRole("menuitemradio", { name: "Deutsch" }).click();
    await swiss.getByText("Deine URLs.").waitFor();
    await swiss.getByRole("link", { name: "Ereigniskatalog" }).waitFor();
  });

  it("can start from the texts that are built in", async () => {
    const of = async (tag: string) => (await fetch(`${world.server.url}/portal/languages/${tag}.json`)).json();
    const [english, french] = [await of("en"), await of("fr")] as {
      texts: { portal: { nav: object } };
      kinds: object;
    }[];
    expect(Object.keys(english!.texts).toSorted()).toEqual(Object.keys(french!.texts).toSorted());
    expect(english!.texts.portal.nav).toMatchObject({ signing: "Signing" });
    expect(Object.keys(english!.kinds)).toEqual(Object.keys(french!.kinds));
    expect((await fetch(`${world.server.url}/portal/languages/xx.json`)).status).toBe(404);
  });
});
