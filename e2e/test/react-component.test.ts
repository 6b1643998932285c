/** The known React component and its hooks, in a page of another origin, with a token of one application. */
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { type HostPage, portalLink, type PortalScene, setUpPortal, startHost } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
const browser = useBrowser();
let scene: PortalScene;
let host: HostPage;

/**
 * The page as one script. Its hooks call methods that only the first generation of the SDK has. That SDK reads `process`, which the bundlers
 * of products provide, and so does the page below.
 */
async function bundled(): Promise<string> {
  const entry = fileURLToPath(new URL("../react-page/page.ts", import.meta.url));
  const made = (await build({
    configFile: false,
    logLevel: "error",
    resolve: { alias: [{ find: /^svix$/, replacement: "svix1" }] },
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "page" } },
  })) as Rolldown.RolldownOutput[];
  const script = made[0]!.output.find((file) => file.type === "chunk" && file.isEntry);
  if (script?.type !== "chunk") throw new Error("The page was not built.");
  return script.code;
}

beforeAll(async () => {
  scene = await setUpPortal(world);
  host = await startHost({ "/page.js": await bundled() });
});

afterAll(() => host?.[Symbol.asyncDispose]());

it("every hook returns its data, every function works, and the component shows the portal", async () => {
  const { url, token } = await portalLink(world, scene.app);
  const { app, bad, message } = scene;
  const settings = { server: world.server.url, token, portal: url, app, endpoint: bad, message };
  host.show(`<div id="root"></div><script>window.process = { env: {} }; window.settings = ${JSON.stringify(settings)}</script>
    <script type="module" src="/page.js"></script>`);
  const page = await browser.open();
  await page.goto(host.origin);
  const found = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await page.locator("#found").innerText()) as Record<string, unknown>;
  await expect.poll(found).toEqual({
    appId: app,
    endpoints: 2,
    url: `${world.receiver.url}/bad`,
    secret: "whsec_",
    stats: 0,
    headers: {},
    attempts: 1,
    attempted: 1,
    types: 6,
    messages: 1,
    message: "invoice.paid",
    messageEndpoints: 2,
    messageAttempts: 2,
  });

  const portal = page.frameLocator("iframe");
  await portal.getByText("Acme Logistics").waitFor();
  expect(await portal.locator("html").getAttribute("data-theme")).toBe("dark");
  expect(await portal.locator("html").evaluate((root) => getComputedStyle(root).fontFamily)).toContain("Georgia");
  const height = () => page.locator("iframe").evaluate((frame) => frame.style.height);
  await expect.poll(height).toMatch(/^\d+px$/);

  const act = (name: string) => page.evaluate((wanted) => window.act(wanted), name);
  const path = `/api/v1/app/${app}/endpoint/${bad}`;
  const secretOf = async () => (await world.api.get(`${path}/secret`)).json.key as string;
  const secret = await secretOf();
  await act("rotate");
  expect(await secretOf()).not.toBe(secret);
  await act("setHeaders");
  await act("patchHeaders");
  expect((await world.api.get(`${path}/headers`)).json.headers).toEqual({ "x-one": "1", "x-two": "2" });
  const count = world.receiver.requests.length;
  await act("resend");
  await world.receiver.waitForCount(count + 1);
  await act("recover");
  expect(await act("create")).toMatchObject({
    endpoint: { url: "https://example.com/made-by-a-hook", filterTypes: null },
  });
  await act("update");
  expect((await world.api.get(path)).json.url).toBe("https://example.com/renamed");
  await act("delete");
  expect((await world.api.get(path)).status).toBe(404);
});
