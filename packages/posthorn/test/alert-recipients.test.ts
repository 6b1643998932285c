/** Alerts of customers to one of their own endpoints. Emails: `counterparts/customer-alerts.test.ts`. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CLEAR_MS } from "../src/domain/alert/evaluate.ts";
import { evaluateCustomerAlerts, expireRecipients, MAIL_INTERVAL_MS } from "../src/domain/alert-recipient/evaluate.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

interface Alert {
  readonly type: string;
  readonly data: { readonly endpointId: string; readonly host: string };
}

const folder = temporaryFolder();
let receiver: Receiver;
let node: TestNode;
let owner: Tenant;

beforeAll(async () => {
  receiver = await startReceiver();
  node = await startNode(folder.path);
  owner = new Tenant(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** An application with the endpoints `target`, which receives, and `broken`. Returns the ids. */
async function application(app: string): Promise<{ readonly target: string; readonly broken: string }> {
  await owner.call("POST", "app", { name: app, uid: app });
  const [target, broken] = await Promise.all(
    [`${receiver.url}/${app}`, "https://broken.example.com/secret"].map(async (url) => {
      const { json } = await owner.call("POST", `app/${app}/endpoint`, { url });
      return String(json["id"]);
    }),
  );
  return { target: target!, broken: broken! };
}

async function fail(endpoint: string, failures: number | null, ageMs = 0): Promise<void> {
  const since = Date.now() - ageMs;
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

function evaluate(ms = 0): Promise<void> {
  return evaluateCustomerAlerts({ ...node.services, now: () => Date.now() + ms }, (error) => {
    throw error;
  });
}

/** Alerts stored for delivery, oldest first. */
async function alertsOf(app: string): Promise<readonly Alert[]> {
  const { json } = await owner.call("GET", `app/${app}/msg?with_content=true`);
  return (json["data"] as readonly { readonly payload: Alert }[]).map(({ payload }) => payload).toReversed();
}

it("an endpoint is notified once that another one fails, was disabled, and works again", async () => {
  const { target, broken } = await application("told");
  expect((await owner.call("POST", "app/told/alert-recipient", { endpoint: target })).json).toMatchObject({
    state: "active",
    endpointId: target,
    emailSent: null,
  });
  // A few recent failures do not trigger an alert.
  await fail(broken, 1);
  await evaluate();
  await fail(broken, 5);
  await evaluate();
  await evaluate(30_000);
  const disabled_json = JSON.stringify({ trigger: "automatic", at: Date.now(), reason: null, failSince: null });
  await setDisabled(broken, 1, disabled_json);
  await evaluate(60_000);
  await setDisabled(broken, 0, null);
  await fail(broken, null);
  await evaluate(90_000);
  await evaluate(90_000 + CLEAR_MS);
  await eventually(() => {
    if (!receiver.requests.some(({ path }) => path === "/told")) throw new Error("no request yet");
  });
  const alerts = await alertsOf("told");
  expect(alerts.map(({ type }) => type)).toEqual(["endpoint.failing", "endpoint.disabled", "endpoint.recovered"]);
  expect(alerts.map(({ data }) => data.endpointId)).toEqual([broken, broken, broken]);
  expect(JSON.stringify(alerts)).not.toContain("secret");
  await evaluate(180_000 + CLEAR_MS);
  const states = await node.services.store.db.selectFrom("alert_recipient_state").selectAll().execute();
  expect(states).toEqual([]);
});

async function setDisabled(endpoint: string, disabled: number, disabled_json: string | null): Promise<void> {
  await node.services.store.transaction(async (tx) => {
    const row = await tx.db
      .updateTable("endpoint")
      .set({ disabled, disabled_json })
      .where("public_id", "=", endpoint)
      .returning("app_id")
      .executeTakeFirstOrThrow();
    tx.signal({ kind: "application", key: row.app_id });
  });
}

it("an endpoint gets no alert about itself, or about one that a person disabled", async () => {
  const { target, broken } = await application("self");
  await owner.call("POST", "app/self/alert-recipient", { endpoint: target });
  await fail(target, 9);
  await fail(broken, 9);
  await owner.call("PATCH", `app/self/endpoint/${broken}`, { disabled: true });
  await evaluate();
  expect(await alertsOf("self")).toEqual([]);
  // The target still gets alerts about others.
  await owner.call("PATCH", `app/self/endpoint/${broken}`, { disabled: false });
  await evaluate();
  expect((await alertsOf("self")).map(({ data }) => data.endpointId)).toEqual([broken]);
});

it("recipients of other applications, duplicates, and emails without a mail server are rejected", async () => {
  const { target } = await application("mine");
  const { target: foreign } = await application("theirs");
  const add = (body: object) => owner.call("POST", "app/mine/alert-recipient", body);
  expect((await add({ endpoint: foreign })).status).toBe(422);
  expect((await add({})).status).toBe(422);
  expect((await add({ email: "not an address" })).status).toBe(422);
  expect((await add({ email: "ops@example.com" })).json).toMatchObject({ code: "conflict" });
  expect((await add({ endpoint: target })).status).toBe(201);
  expect((await add({ endpoint: target })).status).toBe(409);
  const list = await owner.call("GET", "app/mine/alert-recipient");
  expect(list.json).toMatchObject({ enabled: true, emailAvailable: false, data: [{ endpointId: target }] });
});

it("recipients end with their endpoint and their application", async () => {
  const { target, broken } = await application("gone");
  await owner.call("POST", "app/gone/alert-recipient", { endpoint: target });
  await owner.call("POST", "app/gone/alert-recipient", { endpoint: broken });
  const count = async (): Promise<number> => {
    await expireRecipients(node.services);
    const rows = await node.services.store.db
      .selectFrom("alert_recipient as r")
      .innerJoin("application as a", "a.id", "r.app_id")
      .select("r.id")
      .where("a.name", "=", "gone")
      .execute();
    return rows.length;
  };
  expect(await count()).toBe(2);
  await owner.call("DELETE", `app/gone/endpoint/${target}`);
  expect(await count()).toBe(1);
  await owner.call("DELETE", "app/gone");
  expect(await count()).toBe(0);
});

it("does not report a failing endpoint as recovered when its alerts are turned off or its threshold is raised", async () => {
  for (const [app, attention] of [
    ["muted", { customerAlerts: false }],
    ["raised", { minFailures: 1000, afterSeconds: 31_536_000 }],
  ] as const) {
    const { target, broken } = await application(app);
    await owner.call("POST", `app/${app}/alert-recipient`, { endpoint: target });
    await fail(broken, 5);
    await evaluate();
    expect((await owner.call("PATCH", `app/${app}/policy`, { attention })).status).toBe(200);
    await evaluate(30_000);
    await evaluate(60_000 + CLEAR_MS);
    expect((await alertsOf(app)).map(({ type }) => type)).toEqual(["endpoint.failing"]);
  }
});

it("sends to all other addresses when the mail server rejects one, and tries again after the interval", async () => {
  const asked: string[] = [];
  let concerns: "email" | "server" = "email";
  const services = {
    ...node.services,
    mailer: {
      send: ({ to }: { readonly to: string }) => {
        asked.push(to);
        return Promise.resolve(
          to.startsWith("refused")
            ? ({ sent: false, reason: "no such user", concerns } as const)
            : ({ sent: true } as const),
        );
      },
      sendLater: () => undefined,
    },
  };
  const round = (ms: number): Promise<void> =>
    evaluateCustomerAlerts({ ...services, now: () => Date.now() + ms }, (error) => {
      throw error;
    });
  for (const [index, app] of ["refused", "accepted"].entries()) {
    const { broken } = await application(app);
    await fail(broken, 5);
    await addConfirmed(app, `${app}@example.com`, 1_000_000 + index);
  }
  await round(0);
  expect(asked.splice(0)).toEqual(["refused@example.com", "accepted@example.com"]);
  await round(30_000);
  expect(asked).toEqual([]);
  await round(MAIL_INTERVAL_MS + 30_000);
  expect(asked.splice(0)).toEqual(["refused@example.com"]);
  concerns = "server";
  await round(2 * MAIL_INTERVAL_MS + 60_000);
  await round(2 * MAIL_INTERVAL_MS + 90_000);
  expect(asked).toEqual(["refused@example.com", "refused@example.com"]);
});

/** A recipient that has confirmed its address. */
async function addConfirmed(app: string, email: string, id: number): Promise<void> {
  await node.services.store.transaction(async ({ db }) => {
    const { id: app_id, org_id } = await db
      .selectFrom("application")
      .select(["id", "org_id"])
      .where("uid", "=", app)
      .executeTakeFirstOrThrow();
    const at = Date.now();
    const row = { id, public_id: `rcpt_${app}`, org_id, app_id, email, endpoint_id: null, confirm_hash: null };
    await db
      .insertInto("alert_recipient")
      .values({ ...row, digest: "off", locale: "en", confirmed_at: at, sent_at: null, created_at: at })
      .execute();
  });
}
