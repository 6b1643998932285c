/** Every route of the server, with a valid request and with ones that fail: which calls have an entry in the audit log. */
import { randomUUID } from "node:crypto";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditTypeOf } from "../../src/api/audit-trail.ts";
import { buildDocument } from "../../src/api/document.ts";
import { PAYLOAD_MARK, SECRET_MARK } from "../../src/api/models/common.ts";
import { MODELS } from "../../src/api/models/index.ts";
import type { Route } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes.ts";
import { Bodies, type Schema, type Schemas } from "../hostile/bodies.ts";
import { Scene } from "../hostile/scene.ts";
import { HINTS, validBodies } from "../hostile/valid.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

/** Codes of errors caused by the state of the object, which change nothing. */
const STATE_CODES = [
  "conflict",
  "event_type_exists",
  "limit_reached",
  "not_supported",
  "endpoint_disabled",
  "no_example",
];

/**
 * Routes without an entry although they are not called with GET: publishing, deliveries, and routes that neither change nor show anything.
 */
const EXEMPT = new Set([
  "v1.destination-kind.preview",
  "v1.egress.check",
  "v1.endpoint.feed.consumer.commit",
  "v1.erasure.check",
  "v1.feed.consumer.commit",
  "v1.message.create",
  "v1.message.create-batch",
  "v1.message.create-batch-of-all",
  "v1.message.precheck",
  "v1.polling-endpoint.consumer-commit",
  "v1.portal.check-url",
  "v1.redaction.try",
  "v1.relay.session.send",
  "v1.replay.dry-run",
  "v1.replay.dry-run-across",
  "v1.template.dry-run",
]);

/** Routes with fields that are masked for some callers, although they show neither payloads nor secrets as a whole. */
const WITHOUT_CONTENT: readonly string[] = [
  "v1.endpoint.get-state",
  "v1.ingest.backfill.getRun",
  "v1.ingest.backfill.listRuns",
  "v1.ingest.catalogue.export",
  "v1.ingest.catalogue.get",
  "v1.ingest.catalogue.list",
  "v1.ingest.event.list",
  "v1.ingest.quarantine.list",
  "v1.ingest.source.duplicates",
  "v1.ingest.source.get",
  "v1.ingest.source.list",
  "v1.watch.transition.list",
  "v1.websub.topic.get",
  "v1.websub.topic.list",
];

/** Routes of people about themselves, which need a session. */
const NEEDS_PERSON =
  /^v1\.(?:profile|device|connected-client|session|user|membership|invitation|identity-provider|organisation)\./;

const folder = temporaryFolder();
let node: TestNode;
let scene: Scene;
let bodies: Bodies;
let known: Map<string, object>;
let portalToken: string;
let schemas: ReadonlyMap<string, Schema>;

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId: string;
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Schemas };
}

beforeAll(async () => {
  const never = (): Promise<never> => new Promise<never>(() => undefined);
  node = await startNode(folder.path, {
    env: { POSTHORN_LISTEN_TOKENS: "true" },
    egress: { nameService: { query: never, probe: never, system: never, cancel: () => undefined } },
  });
  scene = await Scene.make(node);
  known = validBodies(scene.offset);
  known.set("v1.relay.token.create", { name: "ben" });
  known.set("v1.alert-recipient.create", { endpoint: scene.ids.get("endpoint_id") });
  const tenant = new Tenant(node);
  const key = await tenant.call("POST", "auth/api-key", { name: "Scene" });
  const source = scene.ids.get("source_id")!;
  const secret = await tenant.at("ingest/api/v1", "POST", `source/${source}/secret`, { secret: HINTS.secret });
  const event = await node.services.store.db
    .selectFrom("message")
    .innerJoin("source", "source.id", "message.app_id")
    .select("message.public_id")
    .limit(1)
    .executeTakeFirst();
  const incident = await insertIncident();
  const alerts = await tenant.call("POST", "alert-rule", { name: "Scene", kind: "disk", targets: [] });
  const listenToken = await tenant.call("POST", `app/${scene.ids.get("app_id")}/relay/token`, { name: "scene" });
  const others = {
    listen_token_id: listenToken.json["id"],
    alert_rule_id: alerts.json["id"],
    incident_id: incident,
    key_id: key.json["id"],
    secret_id: secret.json["id"],
    event_id: event?.public_id,
  };
  for (const [name, id] of Object.entries(others)) scene.ids.set(name, String(id));
  // Routes about people need a session. They have separate tests, and are called here only to fail.
  const named = ROUTES.flatMap(({ path }) => [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!));
  for (const name of named) if (!scene.ids.has(name)) scene.ids.set(name, "missing");
  portalToken = await scene.portalToken();
  const attempt = await eventually(async () => (await attemptId()) ?? Promise.reject(new Error("no attempt yet")));
  scene.ids.set("attempt_id", attempt);
  const document = (await buildDocument()) as Document;
  bodies = new Bodies(document.components.schemas, HINTS);
  schemas = new Map(
    Object.values(document.paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap(({ operationId, requestBody }) => {
        const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
        return schema === undefined ? [] : [[operationId, schema] as const];
      }),
  );
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** An incident, which would otherwise need an endpoint that fails. */
async function insertIncident(): Promise<string> {
  const { store, ids } = node.services;
  const { key, id } = ids.next("inc_");
  const org = await store.db.selectFrom("organisation").select("id").executeTakeFirstOrThrow();
  const times = { first_at: 0, last_at: 0, first_attempt: 0, last_attempt: 0, first_message: 0 };
  const counts = { attempts: 1, events: 1, endpoints: 1, applications: 1 };
  const state = { state: "open", muted_until: null, changed_by: null, changed_at: null, resolved_at: null };
  const row = { id: key, public_id: id, org_id: org.id, host: "shared.test", cause: "502" };
  await store.transaction(({ db }) =>
    db
      .insertInto("incident")
      .values({ ...row, ...times, ...counts, ...state })
      .execute(),
  );
  return id;
}

/** Entries of calls: changes that the server makes on its own are left out. */
async function entries() {
  const rows = await node.services.store.db
    .selectFrom("audit_entry")
    .select(["seq", "action", "type", "actor_kind"])
    .where("actor_kind", "!=", "system")
    .orderBy("seq")
    .execute();
  return rows;
}

function textOf({ operationId, method }: Route): string {
  if (method === "GET" || method === "DELETE") return "";
  const schema = schemas.get(operationId);
  const valid = known.get(operationId) ?? (schema === undefined ? null : bodies.valid(schema));
  return valid === null ? "" : JSON.stringify(valid);
}

async function send(route: Route, path: string, text: string, token?: string) {
  const bearer = token ?? (route.operationId.endsWith("logout") ? portalToken : node.token);
  return scene.request(route.method, path, route.method === "GET" ? null : text, {
    "idempotency-key": randomUUID(),
    authorization: `Bearer ${bearer}`,
  });
}

const template = ({ path }: Route): string => path.replaceAll(/:(\w+)/g, "{$1}");

/** Children are deleted before their parents, and everything else is called earlier. */
const inOrder = (routes: readonly Route[]): readonly Route[] => {
  const rank = ({ method, path }: Route): number => (method === "DELETE" ? 100 - path.split("/").length : 0);
  return routes.toSorted((one, other) => rank(one) - rank(other));
};

const mutating = inOrder(ROUTES.filter(({ method }) => method !== "GET"));
const views = ROUTES.filter((route) => auditTypeOf(route) === "view" && route.audit !== "view by user");

/** Sends the request and returns the actions of the entries that it left. */
async function actionsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await entries()).at(-1)?.seq ?? 0;
  await run();
  return (await entries()).filter(({ seq }) => seq > before).map(({ action }) => action);
}

describe("a call that fails has no entry", () => {
  it("because its body is invalid", async () => {
    const wrong: string[] = [];
    for (const route of mutating.filter(({ operationId, body }) => body !== undefined && schemas.has(operationId))) {
      let status = 0;
      const actions = await actionsOf(async () => {
        ({ status } = await send(route, scene.fill(template(route)), "[]"));
      });
      if (status < 400 || actions.length > 0) wrong.push(`${route.operationId}: ${status}, ${actions.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  it("because the token has no access", async () => {
    const { json } = await new Tenant(node).call("POST", "auth/app-portal-access/other", { capabilities: [] });
    const token = String(json["token"]);
    const wrong: string[] = [];
    for (const route of [...mutating, ...views].filter(
      ({ operationId }) => operationId !== "v1.authentication.logout",
    )) {
      let status = 0;
      const actions = await actionsOf(async () => {
        ({ status } = await send(route, scene.fill(template(route)), textOf(route), token));
      });
      if (status < 400 && auditTypeOf(route) === null) continue;
      // A search needs no permission, but finds only messages of the own application.
      if (status < 400 && route.path === "/api/v1/message") continue;
      if (status < 400 && route.path === "/api/v1/filter/explain") continue;
      if (status < 400 || actions.length > 0) wrong.push(`${route.operationId}: ${status}, ${actions.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  it("because the resource does not exist", async () => {
    const wrong: string[] = [];
    for (const route of [...mutating, ...views].filter(
      ({ path }) => path.includes(":app_id") || path.includes(":source_id"),
    )) {
      const path = scene.fill(template(route).replace("{app_id}", "missing").replace("{source_id}", "missing"));
      let status = 0;
      const actions = await actionsOf(async () => {
        ({ status } = await send(route, path, textOf(route)));
      });
      // A batch reports the error of each message.
      if (auditTypeOf(route) === null) continue;
      // PUT creates missing objects, and the portal creates its application.
      if (status < 300 && route.method === "PUT" && actions.length === 1) continue;
      if (status < 400 || actions.length > 0) wrong.push(`${route.operationId}: ${status}, ${actions.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  it("because its transaction is rolled back", async () => {
    const { auditSigner } = node.services;
    const sign = auditSigner.sign.bind(auditSigner);
    const wrong: string[] = [];
    const apps = (await new Tenant(node).call("GET", "app")).text;
    auditSigner.sign = () => {
      throw new Error("The disk is full.");
    };
    try {
      for (const route of [...mutating, ...views].filter(
        (one) => auditTypeOf(one) !== null && one.audit !== "view by user",
      )) {
        let status = 0;
        const actions = await actionsOf(async () => {
          ({ status } = await send(route, scene.fill(template(route)), textOf(route)));
        });
        const isGiven = status < 300 && SHOWS_NOTHING.has(route.operationId);
        if ((status < 400 && !isGiven) || actions.length > 0)
          wrong.push(`${route.operationId}: ${status}, ${actions.join()}`);
      }
    } finally {
      auditSigner.sign = sign;
    }
    expect(wrong).toEqual([]);
    expect((await new Tenant(node).call("GET", "app")).text).toBe(apps);
  });
});

/** Views that show no stored payload with the request of this test: they use a message from the caller, or do not search payloads. */
const SHOWS_NOTHING: ReadonlySet<string> = new Set([
  "v1.endpoint.try",
  "v1.endpoint.explain-filter",
  "v1.filter.explain",
  "v1.message.search",
  // It reveals something of a payload only where a filter excluded it.
  "v1.message.get-matching",
]);

describe("a call that succeeds", () => {
  it("has exactly one entry if it shows payloads or secrets", async () => {
    expect(views.length).toBeGreaterThan(15);
    const wrong: string[] = [];
    for (const route of views) {
      let response = { status: 0, text: "" };
      const actions = await actionsOf(async () => {
        response = await send(route, scene.fill(template(route)), textOf(route));
      });
      const expected = response.status < 300 && !SHOWS_NOTHING.has(route.operationId) ? [route.operationId] : [];
      if (actions.join() !== expected.join()) {
        wrong.push(`${route.operationId}: ${response.status} ${response.text.slice(0, 200)}, ${actions.join()}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("has exactly one entry if it changes something, and none if it publishes, delivers or checks", async () => {
    const wrong: string[] = [];
    const refused: string[] = [];
    for (const route of mutating) {
      let response = { status: 0, text: "" };
      const actions = await actionsOf(async () => {
        response = await send(route, scene.fill(template(route)), textOf(route));
      });
      const { status, text } = response;
      if (NEEDS_PERSON.test(route.operationId) && status >= 400) continue;
      if (status >= 400 && !STATE_CODES.some((code) => text.includes(`"code":"${code}"`)) && status !== 404) {
        wrong.push(`${route.operationId}: ${status} ${text.slice(0, 200)}`);
      }
      if (status >= 400) refused.push(route.operationId);
      const isExempt =
        EXEMPT.has(route.operationId) || SHOWS_NOTHING.has(route.operationId) || route.audit === "view by user";
      const expected = status < 400 && !isExempt ? [route.operationId] : [];
      if (actions.join() !== expected.join()) wrong.push(`${route.operationId}: ${status}, ${actions.join()}`);
    }
    expect(wrong).toEqual([]);
    // A few fail because an earlier request used up their object.
    expect(refused.length).toBeLessThan(20);
  });

  it("has an entry if the schema of its response has a payload or a secret", () => {
    const unaudited = ROUTES.filter((route) => route.method === "GET" && auditTypeOf(route) === null)
      .filter(({ responses }) => Object.values(responses).some((model) => isMarked(model)))
      .map(({ operationId }) => operationId);
    expect(unaudited.toSorted()).toEqual(WITHOUT_CONTENT);
  });

  it("keeps the chain valid", async () => {
    const { json } = await new Tenant(node).call("GET", "audit/verification?limit=20000");
    expect(json).toMatchObject({ intact: true, complete: true, problems: [] });
  });
});

/** Whether the schema of a response has a member that is masked for callers without the permission. */
function isMarked(model: unknown, seen = new Set<unknown>()): boolean {
  if (typeof model !== "object" || model === null || seen.has(model)) return false;
  seen.add(model);
  const schema = model as Readonly<Record<string, unknown>>;
  if (PAYLOAD_MARK in schema || SECRET_MARK in schema) return true;
  const named = typeof schema["$ref"] === "string" ? MODELS_BY_ID.get(schema["$ref"].replace("#", "")) : undefined;
  return isMarked(named, seen) || Object.values(schema).some((part) => isMarked(part, seen));
}

const MODELS_BY_ID = new Map(MODELS.map((model) => [(model as { $id?: string }).$id ?? "", model]));

async function attemptId(): Promise<string | undefined> {
  const row = await node.services.store.db.selectFrom("attempt").select("public_id").limit(1).executeTakeFirst();
  return row?.public_id;
}
