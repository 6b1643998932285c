/** Sign-in with an identity provider and with passkeys, in a real browser: npm `oidc-provider`, and Chromium's virtual authenticator. */
import { eventually, freePort, startServer, type TestServer } from "@posthorn/testkit";
import { type IdentityProvider, startIdentityProvider } from "@posthorn/testkit/identity-provider";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { picture } from "../lib/picture.ts";

const SECRET = "a secret of 32 characters, or more";
const OWNER = { email: "ada@engines.example", name: "Ada Lovelace", password: "quiet-otter-mends-lamps" };

const browser = useBrowser();
let server: TestServer;
/** Browsers offer passkeys for host names only. */
let url: string;
let idp: IdentityProvider;
let idpPort: number;

beforeAll(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  server = await startServer({
    dev: false,
    env: {
      POSTHORN_LISTEN: `127.0.0.1:${port}`,
      POSTHORN_PUBLIC_URL: url,
      POSTHORN_EGRESS_ALLOW: "external,loopback",
    },
  });
  const link = await eventually(() => {
    const found = /"link":"([^"]+)"/.exec(server.log)?.[1];
    if (found === undefined) throw new Error("The server has not logged its link yet.");
    return Promise.resolve(found);
  });
  const setUp = await fetch(`${url}/api/v1/sign-in/set-up`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-posthorn-csrf": "1", origin: url },
    body: JSON.stringify({ code: link.split("#code=")[1], ...OWNER }),
  });
  if (!setUp.ok) throw new Error(`The owner could not be created: ${await setUp.text()}`);
  idpPort = await freePort();
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const overview = (page: Page): Promise<void> => page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();

async function openOwner(path: string): Promise<Page> {
  const page = await browser.open({ reducedMotion: "reduce" });
  await page.goto(url + path);
  await page.getByLabel("Email address").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  return page;
}

/** Signs in on the pages of the provider. */
async function signInAtProvider(page: Page, login: string): Promise<void> {
  await page.locator('input[name="login"]').fill(login);
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.getByRole("button", { name: /continue/i }).click();
}

describe("an identity provider", () => {
  it("is added by an owner, who gets the URLs to register", async () => {
    const page = await openOwner("/settings?tab=signIn");
    await page.getByRole("button", { name: "Add provider" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Acme");
    await dialog.getByLabel("Issuer").fill(`http://127.0.0.1:${idpPort}`);
    await dialog.getByLabel("Client ID").fill("posthorn");
    await dialog.getByLabel("Client secret").fill(SECRET);
    await dialog.getByLabel("Scopes").fill("openid profile email groups");
    await dialog.getByLabel("Roles by group").fill("admins = admin\nno rule");
    await picture(page, "provider-form");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("“no rule” is not a rule").waitFor();
    await dialog.getByLabel("Roles by group").fill("admins = admin\nstaff = viewer");
    await dialog.getByRole("button", { name: "Create" }).click();
    const redirectUri = `${url}/auth/callback`;
    await page.getByText(redirectUri).waitFor();
    const logoutUri = (await page
      .getByText(/\/auth\/idp_\w+\/logout/)
      .first()
      .textContent())!.trim();
    const client = { clientId: "posthorn", clientSecret: SECRET, redirectUri, afterLogoutUri: `${url}/sign-in` };
    idp = await startIdentityProvider({
      port: idpPort,
      clients: [{ ...client, backchannelUri: logoutUri }],
      people: {
        grace: { name: "Grace", email: "grace@acme.example", email_verified: true, groups: ["staff"] },
        stranger: { name: "Stranger", email: "stranger@acme.example", email_verified: true, groups: [] },
      },
    });
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("Posthorn can read the metadata of Acme.").waitFor();
    // The secret is stored, and not shown again.
    expect(await page.content()).not.toContain(SECRET);
    await picture(page, "providers");
  });

  it("signs a person in with the role of their group, on the page that they wanted, and signs them out there too", async () => {
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(`${url}/messages`);
    await page.getByRole("button", { name: "Sign in with Acme" }).waitFor();
    await picture(page, "sign-in-methods");
    await page.getByRole("button", { name: "Sign in with Acme" }).click();
    await signInAtProvider(page, "grace");
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    expect(page.url()).toBe(`${url}/messages`);
    await page.goto(`${url}/profile`);
    await page.getByText("grace@acme.example").first().waitFor();
    await picture(page, "profile-identities");
    const cookies = await page.context().cookies(url);
    const session = cookies.find(({ name }) => name === "posthorn_session")!;
    expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
    expect(cookies.map(({ name }) => name)).not.toContain("posthorn_provider");
  });

  it("rejects a person without a role, and says why", async () => {
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with Acme" }).click();
    await signInAtProvider(page, "stranger");
    await page.getByText("Your groups at Acme have no role here.").waitFor();
    await picture(page, "sign-in-refused");
    await page.reload();
    await page.getByRole("button", { name: "Sign in with Acme" }).waitFor();
    expect(await page.getByText("Your groups at Acme have no role here.").count()).toBe(0);
  });
});

describe("a passkey", () => {
  it("is added in the profile, signs in without a password, and no longer after it was removed", async () => {
    const page = await openOwner("/profile");
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.getByRole("button", { name: "Add passkey" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("Test laptop");
    await page.getByRole("dialog").getByRole("button", { name: "Add passkey" }).click();
    await page.getByText("Test laptop").waitFor();
    await picture(page, "passkeys");
    await page.context().clearCookies();
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await overview(page);
    await page.goto(`${url}/profile`);
    const row = page.getByRole("row", { name: /Test laptop/ });
    await row.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("alertdialog").or(page.getByRole("dialog")).getByRole("button", { name: "Remove" }).click();
    await page.getByText("No passkeys yet.").waitFor();
    await page.context().clearCookies();
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText(/The passkey was not accepted|offered no passkey/).waitFor();
    expect((await page.context().cookies(url)).map(({ name }) => name)).not.toContain("posthorn_session");
  });
});
