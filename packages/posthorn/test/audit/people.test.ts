/** The routes about people: each call has exactly one entry in the audit log, in the transaction of its change. */
import { freePort } from "@posthorn/testkit";
import { SoftwareAuthenticator } from "@posthorn/testkit/authenticator";
import { type IdentityProvider, signInAtProvider, startIdentityProvider } from "@posthorn/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/api/routes.ts";
import { createDeveloperCode, createSetupLink } from "../../src/domain/user/start-links.ts";
import { totpAt } from "../../src/domain/user/totp.ts";
import { type BrowserReply, codeOf, join, OWNER, TestBrowser } from "../support/browser-session.ts";
import { OAuthClient } from "../support/oauth-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

const PASSWORD = "green-lanterns-drift-away";
const OTHER = "slow-harbour-evening-tin";
const SECRET = "a secret of 32 characters, or more";

/** The routes that other tests of the audit log cannot call, because they need a session. */
const OF_PEOPLE = /^v1\.(?:profile|device|connected-client|session|user|invitation|identity-provider|organisation)\./;

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let origin: string;
let owner: TestBrowser;
let idp: IdentityProvider;
let issuer: string;
let provider: Record<string, unknown>;
let people = 0;

beforeAll(async () => {
  const [port, ingest, idpPort] = [await freePort(), await freePort(), await freePort()];
  origin = `http://localhost:${port}`;
  issuer = `http://127.0.0.1:${idpPort}`;
  node = await startNode(folder.path, {
    clock,
    env: {
      POSTHORN_LISTEN: `127.0.0.1:${port}`,
      POSTHORN_PUBLIC_URL: origin,
      POSTHORN_INGEST_URL: `http://127.0.0.1:${ingest}`,
    },
  });
  owner = new TestBrowser(node);
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Entries of all organisations, without those of changes that the server makes on its own. */
async function actions(): Promise<readonly string[]> {
  const rows = await node.services.store.db
    .selectFrom("audit_entry")
    .select(["org_id", "seq", "action"])
    .where("actor_kind", "!=", "system")
    .orderBy("at")
    .orderBy("org_id")
    .orderBy("seq")
    .execute();
  return rows.map(({ org_id, seq, action }) => `${org_id} ${seq} ${action}`);
}

async function newActions(run: () => Promise<unknown>): Promise<readonly string[]> {
  const before = new Set(await actions());
  await run();
  return (await actions()).filter((entry) => !before.has(entry)).map((entry) => entry.split(" ")[2]!);
}

/** Runs `work` while no transaction with an entry can commit. */
async function whileEntriesFail(work: () => Promise<void>): Promise<void> {
  const { auditSigner } = node.services;
  const sign = auditSigner.sign.bind(auditSigner);
  auditSigner.sign = () => {
    throw new Error("The disk is full.");
  };
  try {
    await work();
  } finally {
    auditSigner.sign = sign;
  }
}

/** Prepares a call, which can be repeated as long as it fails. */
type Step = () => Promise<() => Promise<BrowserReply>>;

async function member(role = "viewer"): Promise<TestBrowser & { readonly email: string }> {
  const email = `person${++people}@engines.example`;
  return Object.assign(await join(node, owner, { email, role }), { email });
}

async function idOf(browser: TestBrowser): Promise<string> {
  return ((await browser.send("GET", "session/current")).json["user"] as { id: string }).id;
}

function code(secret: string): string {
  clock.advance(30_000);
  return totpAt(secret, Math.floor(clock.now() / 30_000));
}

async function memberWithFactor() {
  const browser = await member();
  const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
  const secret = json["secret"] as string;
  await browser.send("POST", "profile/second-factor/confirm", { code: code(secret) });
  return { browser, secret };
}

async function memberWithPasskey() {
  const browser = await member();
  const device = new SoftwareAuthenticator(origin);
  const { json } = await browser.send("POST", "profile/passkey/options");
  const response = device.create(json["options"] as Parameters<SoftwareAuthenticator["create"]>[0]);
  const added = await browser.send("POST", "profile/passkey", { name: "Laptop", response });
  return { browser, device, id: added.json["id"] as string };
}

async function startDevice() {
  const started = await fetch(`${node.url}/api/v1/device/code`, { method: "POST", body: new URLSearchParams() });
  return (await started.json()) as { readonly device_code: string; readonly user_code: string };
}

const providerFields = () => ({
  name: "Acme",
  issuer,
  clientId: "posthorn",
  clientSecret: SECRET,
  scopes: "openid profile email groups",
  roles: [{ group: "staff", role: "viewer" }],
});

const profileChange = (path: string, body: object): Step => {
  return async () => {
    const browser = await member();
    return () => browser.send(path === "" ? "PATCH" : "POST", `profile${path}`, body);
  };
};

/** A successful call of each route of people that changes something. */
const STEPS: Readonly<Record<string, Step>> = {
  "v1.profile.patch": profileChange("", { name: "Grace", locale: "de" }),
  "v1.profile.change-password": profileChange("/password", { currentPassword: PASSWORD, newPassword: OTHER }),
  "v1.profile.prepare-second-factor": profileChange("/second-factor", { currentPassword: PASSWORD }),
  "v1.profile.confirm-second-factor": async () => {
    const browser = await member();
    const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    const given = code(json["secret"] as string);
    return () => browser.send("POST", "profile/second-factor/confirm", { code: given });
  },
  "v1.profile.turn-off-second-factor": async () => {
    const { browser, secret } = await memberWithFactor();
    const given = code(secret);
    return () => browser.send("POST", "profile/second-factor/turn-off", { code: given });
  },
  "v1.profile.replace-recovery-codes": async () => {
    const { browser, secret } = await memberWithFactor();
    const given = code(secret);
    return () => browser.send("POST", "profile/recovery-codes", { code: given });
  },
  "v1.profile.accept-invitation": async () => {
    const browser = await member();
    await owner.send("POST", "app", { name: "Acme", uid: `acme-${++people}` });
    const invited = await owner.send("POST", "invitation", {
      email: browser.email,
      role: "developer",
      app: `acme-${people}`,
    });
    return () => browser.send("POST", "profile/invitation", { code: codeOf(invited.json["url"]) });
  },
  "v1.profile.passkey.create": async () => {
    const browser = await member();
    const { json } = await browser.send("POST", "profile/passkey/options");
    const options = json["options"] as Parameters<SoftwareAuthenticator["create"]>[0];
    const response = new SoftwareAuthenticator(origin).create(options);
    return () => browser.send("POST", "profile/passkey", { name: "Laptop", response });
  },
  "v1.profile.passkey.patch": async () => {
    const { browser, id } = await memberWithPasskey();
    return () => browser.send("PATCH", `profile/passkey/${id}`, { name: "Phone" });
  },
  "v1.profile.passkey.delete": async () => {
    const { browser, id } = await memberWithPasskey();
    return () => browser.send("DELETE", `profile/passkey/${id}`);
  },
  "v1.profile.identity.delete": async () => {
    const browser = await member();
    idp.people[browser.email] = { name: "Moved", email: browser.email, email_verified: true, groups: ["staff"] };
    const begun = await browser.send("POST", "sign-in/provider/connect", { provider: provider["id"] });
    const callback = await signInAtProvider(String(begun.json["url"]), browser.email, origin);
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    await fetch(callback, { redirect: "manual", headers: { cookie } });
    const { json } = await browser.send("GET", "profile/identity");
    const [{ id }] = json["data"] as [{ id: string }];
    return () => browser.send("DELETE", `profile/identity/${id}`);
  },
  "v1.session.end": async () => {
    const browser = await member();
    await new TestBrowser(node).signIn(browser.email, PASSWORD);
    const { json } = await browser.send("GET", "session");
    const other = (json["data"] as { id: string; current: boolean }[]).find(({ current }) => !current)!;
    return () => browser.send("DELETE", `session/${other.id}`);
  },
  "v1.session.switch-organisation": async () => {
    const { json } = await owner.send("POST", "organisation", { name: "Tests" });
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    return () => browser.send("POST", "session/current/organisation", { organisation: json["id"] });
  },
  "v1.device.decide": async () => {
    const browser = await member();
    const { user_code: userCode } = await startDevice();
    return () => browser.send("POST", `device/${userCode}`, { approve: true });
  },
  "v1.connected-client.authorize": async () => {
    const browser = await member();
    const client = await OAuthClient.register(node);
    const body = { request: client.query(), approve: true };
    return () => browser.send("POST", "connected-client/authorization", body);
  },
  "v1.connected-client.revoke": async () => {
    const browser = await member();
    await (await OAuthClient.register(node)).connect(browser);
    const [client] = (await browser.send("GET", "connected-client")).json["data"] as { id: string }[];
    return () => browser.send("DELETE", `connected-client/${client!.id}`);
  },
  "v1.user.patch": async () => {
    const id = await idOf(await member());
    return () => owner.send("PATCH", `user/${id}`, { role: "support" });
  },
  "v1.user.delete": async () => {
    const id = await idOf(await member());
    return () => owner.send("DELETE", `user/${id}`);
  },
  "v1.user.create-reset-link": async () => {
    const id = await idOf(await member());
    return () => owner.send("POST", `user/${id}/reset-link`);
  },
  "v1.user.remove-second-factor": async () => {
    const id = await idOf((await memberWithFactor()).browser);
    return () => owner.send("POST", `user/${id}/remove-second-factor`);
  },
  "v1.user.end-sessions": async () => {
    const id = await idOf(await member());
    return () => owner.send("POST", `user/${id}/end-sessions`);
  },
  "v1.invitation.create": async () => {
    const fields = { email: `invited${++people}@engines.example`, role: "viewer" };
    return () => owner.send("POST", "invitation", fields);
  },
  "v1.invitation.delete": async () => {
    const fields = { email: `invited${++people}@engines.example`, role: "viewer" };
    const { json } = await owner.send("POST", "invitation", fields);
    return () => owner.send("DELETE", `invitation/${String(json["id"])}`);
  },
  "v1.identity-provider.create": async () => () => owner.send("POST", "identity-provider", providerFields()),
  "v1.identity-provider.update": async () => {
    const { json } = await owner.send("POST", "identity-provider", providerFields());
    return () => owner.send("PUT", `identity-provider/${String(json["id"])}`, { ...providerFields(), name: "Renamed" });
  },
  "v1.identity-provider.delete": async () => {
    const { json } = await owner.send("POST", "identity-provider", providerFields());
    return () => owner.send("DELETE", `identity-provider/${String(json["id"])}`);
  },
  "v1.organisation.create": async () => () => owner.send("POST", "organisation", { name: "Staging" }),
  "v1.organisation.patch": async () => {
    const { json } = await owner.send("GET", "session/current");
    return () => owner.send("PATCH", `organisation/${String(json["organisation"])}`, { name: "Production" });
  },
};

/** Calls that change nothing, and have no entry. */
const WITHOUT_ENTRY: Readonly<Record<string, Step>> = {
  "v1.profile.passkey.options": async () => {
    const browser = await member();
    return () => browser.send("POST", "profile/passkey/options");
  },
  "v1.identity-provider.check": async () => () =>
    owner.send("POST", `identity-provider/${String(provider["id"])}/check`),
};

/** Each way to sign in and out, with its entries. */
const SIGN_IN: Readonly<Record<string, readonly [Step, readonly string[]]>> = {
  "with a password": [
    async () => {
      const { email } = await member();
      const browser = new TestBrowser(node);
      return () => browser.signIn(email, PASSWORD);
    },
    ["session.start"],
  ],
  "with a second factor": [
    async () => {
      const { browser, secret } = await memberWithFactor();
      const { email } = (await browser.send("GET", "profile")).json as { email: string };
      const other = new TestBrowser(node);
      const { json } = await other.signIn(email, PASSWORD);
      const given = code(secret);
      return () => other.send("POST", "sign-in/second-factor", { challenge: json["challenge"], code: given });
    },
    ["session.start"],
  ],
  "with a passkey": [
    async () => {
      const { device: key } = await memberWithPasskey();
      const browser = new TestBrowser(node);
      const { json } = await browser.send("POST", "sign-in/passkey/options");
      const response = key.get(json["options"] as Parameters<SoftwareAuthenticator["get"]>[0]);
      return () => browser.send("POST", "sign-in/passkey", { response });
    },
    ["session.start"],
  ],
  "with the code of a developer": [
    async () => {
      const given = await createDeveloperCode(node.services);
      return () => new TestBrowser(node).send("POST", "sign-in/code", { code: given });
    },
    ["session.start"],
  ],
  "with an invitation": [
    async () => {
      const fields = { email: `invited${++people}@engines.example`, role: "viewer" };
      const { json } = await owner.send("POST", "invitation", fields);
      const body = { code: codeOf(json["url"]), name: "Invited", password: PASSWORD };
      return () => new TestBrowser(node).send("POST", "sign-in/invitation/accept", body);
    },
    ["user.accept-invitation", "session.start"],
  ],
  "with a new password": [
    async () => {
      const { json } = await owner.send("POST", `user/${await idOf(await member())}/reset-link`);
      const body = { code: codeOf(json["url"]), password: OTHER };
      return () => new TestBrowser(node).send("POST", "sign-in/reset", body);
    },
    ["user.reset-password", "session.start"],
  ],
  "on the command line": [
    async () => {
      const browser = await member();
      const { device_code: given, user_code: userCode } = await startDevice();
      await browser.send("POST", `device/${userCode}`, { approve: true });
      const body = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: given,
      });
      return async () => {
        const { status, headers } = await fetch(`${node.url}/api/v1/device/token`, { method: "POST", body });
        return { status, headers, json: {} };
      };
    },
    ["session.start"],
  ],
  "and disconnect a client": [
    async () => {
      const client = await OAuthClient.register(node);
      const { access } = await client.connect(await member());
      return async () => {
        const { status, headers } = await client.revoke(access);
        return { status, headers, json: {} };
      };
    },
    ["connected-client.disconnect"],
  ],
  "and out": [
    async () => {
      const browser = await member();
      const cookies = new Map(browser.cookies);
      return () => {
        for (const [name, value] of cookies) browser.cookies.set(name, value);
        return browser.send("POST", "sign-out", {});
      };
    },
    ["session.sign-out"],
  ],
};

describe("the set-up of a server", () => {
  it("has the entries of the organisation that it creates, of its owner and of the session", async () => {
    const given = codeOf(await createSetupLink(node.services));
    const entries = await newActions(async () => {
      expect((await owner.send("POST", "sign-in/set-up", { code: given, ...OWNER })).status).toBe(200);
    });
    expect(entries).toEqual(["user.set-up", "session.start"]);
    const created = await node.services.store.db
      .selectFrom("audit_entry")
      .select(["action", "target_kind", "target_id"])
      .where("action", "=", "system.organisation.create")
      .execute();
    expect(created).toMatchObject([{ target_kind: "organisation" }]);

    provider = (await owner.send("POST", "identity-provider", providerFields())).json;
    idp = await startIdentityProvider({
      port: Number(new URL(issuer).port),
      clients: [
        {
          clientId: "posthorn",
          clientSecret: SECRET,
          redirectUri: String(provider["redirectUri"]),
          afterLogoutUri: String(provider["afterLogoutUri"]),
          backchannelUri: String(provider["logoutUri"]),
        },
      ],
      people: {},
    });
  });
});

describe("a call of a person", () => {
  it("is tested for each of their routes", () => {
    const routes = ROUTES.filter(({ method, operationId }) => method !== "GET" && OF_PEOPLE.test(operationId));
    const called = [...Object.keys(STEPS), ...Object.keys(WITHOUT_ENTRY)];
    expect(called.toSorted()).toEqual(routes.map(({ operationId }) => operationId).toSorted());
  });

  it.each(Object.keys(STEPS))("%s has one entry, and changes nothing without it", async (operation) => {
    const call = await STEPS[operation]!();
    const none = await newActions(() =>
      whileEntriesFail(async () => {
        expect((await call()).status).toBe(500);
      }),
    );
    expect(none).toEqual([]);
    // The repetition succeeds, so the failed call had no effect.
    const entries = await newActions(async () => {
      const { status, json } = await call();
      expect([status < 300, json]).toEqual([true, json]);
    });
    expect(entries).toEqual([operation]);
  });

  it.each(Object.keys(WITHOUT_ENTRY))("%s changes nothing, and has no entry", async (operation) => {
    const call = await WITHOUT_ENTRY[operation]!();
    const entries = await newActions(async () => {
      expect((await call()).status).toBeLessThan(300);
    });
    expect(entries).toEqual([]);
  });
});

describe("signing in", () => {
  it.each(Object.keys(SIGN_IN))("%s has its entries, and does not happen without them", async (way) => {
    const [step, expected] = SIGN_IN[way]!;
    const call = await step();
    const none = await newActions(() =>
      whileEntriesFail(async () => {
        expect((await call()).status).toBe(500);
      }),
    );
    expect(none).toEqual([]);
    const entries = await newActions(async () => {
      expect((await call()).status).toBeLessThan(300);
    });
    expect(entries).toEqual(expected);
  });
});
