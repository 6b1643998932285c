/** Alerts that customers get by email about their own endpoints, through a real mail server. */
import { isSkipped, startMailpit, type TestMailpit } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLEAR_MS } from "../../src/domain/alert/evaluate.ts";
import { evaluateCustomerAlerts, MAIL_INTERVAL_MS } from "../../src/domain/alert-recipient/evaluate.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

type ShownMail = Awaited<ReturnType<TestMailpit["mail"]>>;

const PUBLIC_URL = "https://hooks.example.com";
/** Loading the mail client in a new thread takes long on a busy machine. */
const PATIENT = { timeout: 60_000 };

describe.skipIf(isSkipped("mailpit"))("alerts by email", () => {
  const folder = temporaryFolder();
  let mailpit: TestMailpit;
  let node: TestNode;
  let owner: Tenant;
  let apps = 0;

  beforeAll(async () => {
    mailpit = await startMailpit();
    node = await startNode(folder.path, {
      env: {
        POSTHORN_MAIL_URL: `smtp://127.0.0.1:${mailpit.smtpPort}?security=none`,
        POSTHORN_MAIL_FROM: "webhooks@example.com",
        POSTHORN_PUBLIC_URL: PUBLIC_URL,
        POSTHORN_PORTAL_NAME: "Acme",
      },
    });
    owner = new Tenant(node);
  });

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await mailpit?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** A new application with an endpoint, and its customer. */
  async function customer(): Promise<{ readonly app: string; readonly endpoint: string; readonly portal: Tenant }> {
    const app = `app-${++apps}`;
    await owner.call("POST", "app", { name: `Customer ${apps}`, uid: app });
    const { json } = await owner.call("POST", `app/${app}/endpoint`, {
      url: "https://hooks.customer.example.com/secret-path",
      description: "Orders",
    });
    return { app, endpoint: String(json["id"]), portal: await owner.portal(["ViewBase", "ManageEndpoint"], app) };
  }

  async function setFailing(endpoint: string, failures: number | null): Promise<void> {
    const since = Date.now() - 3_600_000;
    await node.services.store.transaction(async ({ db }) => {
      const { id } = await db
        .selectFrom("endpoint")
        .select("id")
        .where("public_id", "=", endpoint)
        .executeTakeFirstOrThrow();
      await db.deleteFrom("endpoint_failure").where("endpoint_id", "=", id).execute();
      if (failures === null) return;
      const row = { endpoint_id: id, since, failures, last_at: since, warned: 0, updated_at: since };
      await db.insertInto("endpoint_failure").values(row).execute();
    });
  }

  /** Evaluates all recipients at a time from now. */
  function evaluate(ms = 0): Promise<void> {
    const { services } = node;
    return evaluateCustomerAlerts({ ...services, now: () => Date.now() + ms }, (error) => {
      throw error;
    });
  }

  async function mailsTo(address: string): Promise<readonly ShownMail[]> {
    const all = await Promise.all((await mailpit.mails()).map(({ ID }) => mailpit.mail(ID)));
    return all.filter(({ To }) => To.some((to) => to.Address === address));
  }

  /** The newest mail, once this many have arrived. */
  async function newestTo(address: string, count: number): Promise<ShownMail> {
    await expect.poll(async () => (await mailsTo(address)).length, PATIENT).toBe(count);
    return (await mailsTo(address))[0]!;
  }

  async function sourceOf({ MessageID }: ShownMail): Promise<string> {
    const found = (await mailpit.mails()).find((mail) => mail.MessageID === MessageID)!;
    return (await mailpit.source(found.ID)).replaceAll(/\r\n[ \t]+/g, " ");
  }

  /** Path of the link in a mail. */
  function pathIn({ Text }: ShownMail): string {
    return new URL(/https:\/\/hooks\.example\.com\/alerts\S+/.exec(Text)![0]).pathname;
  }

  const open = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${node.url}${path}`, init);
  const confirm = (path: string): Promise<Response> => open(path, { method: "POST" });

  async function confirmed(portal: Tenant, app: string, email: string): Promise<string> {
    const { status, json } = await portal.call("POST", `app/${app}/alert-recipient`, { email });
    expect(status).toBe(201);
    expect(json).toMatchObject({ state: "unconfirmed", emailSent: true });
    expect((await confirm(pathIn(await newestTo(email, 1)))).status).toBe(200);
    return String(json["id"]);
  }

  it("an address gets only the confirmation until its link is used, which works once", async () => {
    const { app, endpoint, portal } = await customer();
    const email = "ops@one.example";
    await portal.call("POST", `app/${app}/alert-recipient`, { email: "OPS@one.example", locale: "de" });
    const mail = await newestTo(email, 1);
    expect(mail.Text).toContain("Adresse");
    expect(mail.Text).not.toContain("Posthorn");
    await setFailing(endpoint, 9);
    await evaluate();
    expect(await mailsTo(email)).toHaveLength(1);
    // Scanners open links: that confirms nothing.
    expect((await open(pathIn(mail))).status).toBe(200);
    await evaluate();
    expect(await mailsTo(email)).toHaveLength(1);
    expect((await confirm(pathIn(mail))).status).toBe(200);
    expect((await confirm(pathIn(mail))).status).toBe(404);
    await evaluate();
    expect((await newestTo(email, 2)).Text).toContain("schlagen seit");
    const stored = await node.services.store.db.selectFrom("alert_recipient_token").selectAll().execute();
    expect(stored.map(({ hash }) => hash.byteLength)).toEqual([32]);
  });

  it("an alert names the endpoint of the customer, not its secrets and not the vendor, and a recovery follows", async () => {
    const { app, endpoint, portal } = await customer();
    const email = "ops@two.example";
    await confirmed(portal, app, email);
    await setFailing(endpoint, 1);
    await evaluate();
    await evaluate(30_000);
    const mail = await newestTo(email, 2);
    expect(mail.Text).toContain("Orders, hooks.customer.example.com");
    expect(mail.HTML).toBe("");
    for (const word of ["secret-path", "Posthorn"]) expect(await sourceOf(mail)).not.toContain(word);
    await setFailing(endpoint, null);
    await evaluate(60_000);
    await evaluate(60_000 + CLEAR_MS);
    // The recovery waits until another email may be sent.
    expect(await mailsTo(email)).toHaveLength(2);
    await evaluate(MAIL_INTERVAL_MS + CLEAR_MS);
    expect((await newestTo(email, 3)).Text).toContain("works again");
    const { services } = node;
    expect(
      await services.store.db.selectFrom("alert_recipient_state").selectAll().where("subject", "=", endpoint).execute(),
    ).toEqual([]);
  });

  it("mail programs unsubscribe in one click, without signing in, with the token of any of the emails", async () => {
    const { app, endpoint, portal } = await customer();
    const email = "ops@three.example";
    await confirmed(portal, app, email);
    await setFailing(endpoint, 9);
    await evaluate();
    const mail = await newestTo(email, 2);
    const source = await sourceOf(mail);
    const path = pathIn(mail);
    expect(source).toContain(`List-Unsubscribe: <${PUBLIC_URL}${path}>`);
    expect(source).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m);
    // Opening the link only shows the page, and a token of another kind or none does nothing.
    expect(await (await open(path)).text()).toContain(`<form method="post">`);
    const token = path.split("/").at(-1)!;
    for (const wrong of [`/alerts/confirm/${token}`, "/alerts/unsubscribe/none", path.slice(0, -1)]) {
      expect((await confirm(wrong)).status).toBe(404);
    }
    const body = new FormData();
    body.set("List-Unsubscribe", "One-Click");
    expect((await open(path, { method: "POST", body })).status).toBe(200);
    expect((await open(path, { method: "POST", body })).status).toBe(404);
    expect((await portal.call("GET", `app/${app}/alert-recipient`)).json["data"]).toEqual([]);
    await evaluate(MAIL_INTERVAL_MS);
    expect(await mailsTo(email)).toHaveLength(2);
  });

  it("an address gets three confirmations a day, over all applications", async () => {
    const email = "ops@four.example";
    const [one, other] = [await customer(), await customer()];
    const { json } = await one.portal.call("POST", `app/${one.app}/alert-recipient`, { email });
    const recipient = `app/${one.app}/alert-recipient/${String(json["id"])}`;
    expect((await one.portal.call("POST", `${recipient}/resend`)).status).toBe(200);
    expect((await other.portal.call("POST", `app/${other.app}/alert-recipient`, { email })).status).toBe(201);
    const refused = await one.portal.call("POST", `${recipient}/resend`);
    expect(refused).toMatchObject({ status: 429, json: { code: "too_many_sign_ins" } });
    await expect.poll(async () => (await mailsTo(email)).length, PATIENT).toBe(3);
  });

  it("other customers cannot see, change or remove a recipient, and are only notified about their own endpoints", async () => {
    const [one, other] = [await customer(), await customer()];
    const email = "ops@five.example";
    const id = await confirmed(one.portal, one.app, email);
    await setFailing(other.endpoint, 9);
    await evaluate();
    expect(await mailsTo(email)).toHaveLength(1);
    for (const app of [one.app, other.app]) {
      const path = `app/${app}/alert-recipient/${id}`;
      expect((await other.portal.call("DELETE", path)).status).toBe(404);
      expect((await other.portal.call("PATCH", path, { digest: "daily" })).status).toBe(404);
      expect((await other.portal.call("POST", `${path}/resend`)).status).toBe(404);
    }
    expect((await other.portal.call("GET", `app/${one.app}/alert-recipient`)).status).toBe(404);
    const reading = await owner.portal(["ViewBase"], one.app);
    expect((await reading.call("DELETE", `app/${one.app}/alert-recipient/${id}`)).status).toBe(403);
  });

  it("the operator can turn off alerts by policy, which also ends those that were set up", async () => {
    const { app, endpoint, portal } = await customer();
    const email = "ops@six.example";
    await confirmed(portal, app, email);
    await owner.call("PATCH", `app/${app}/policy`, { attention: { customerAlerts: false } });
    await setFailing(endpoint, 9);
    await evaluate();
    expect(await mailsTo(email)).toHaveLength(1);
    expect((await portal.call("GET", `app/${app}/alert-recipient`)).json["enabled"]).toBe(false);
    const refused = await portal.call("POST", `app/${app}/alert-recipient`, { email: "more@six.example" });
    expect(refused.status).toBe(403);
    expect(await mailsTo("more@six.example")).toEqual([]);
  });

  it("an hourly digest collects alerts, and names each endpoint once", async () => {
    const { app, endpoint, portal } = await customer();
    const email = "ops@seven.example";
    const id = await confirmed(portal, app, email);
    const { json } = await portal.call("PATCH", `app/${app}/alert-recipient/${id}`, { digest: "hourly" });
    expect(json["digest"]).toBe("hourly");
    const second = await owner.call("POST", `app/${app}/endpoint`, { url: "https://two.customer.example.com/" });
    await setFailing(endpoint, 9);
    await evaluate();
    await newestTo(email, 2);
    await setFailing(String(second.json["id"]), 9);
    await evaluate(MAIL_INTERVAL_MS);
    expect(await mailsTo(email)).toHaveLength(2);
    await evaluate(3_600_001);
    const mail = await newestTo(email, 3);
    expect(mail.Text).toContain("two.customer.example.com");
    expect(mail.Text).not.toContain("Orders");
  });
});
