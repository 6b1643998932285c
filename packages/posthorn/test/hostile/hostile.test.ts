/**
 * Every POST, PUT and PATCH of the OpenAPI document with hostile bodies and an idempotency key, while the server must answer a health check
 * and another customer's publish. New routes are included automatically.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../support/store.ts";
import { Bodies, type Schema, type Schemas } from "./bodies.ts";
import { HINTS, validBodies } from "./valid.ts";
import { MAX_ROUNDS, MAX_TURN, type Running, startServer } from "./process.ts";
import { type ApiResponse, Scene } from "./scene.ts";

/** Concurrent requests in the first pass. Requests that seem to block the event loop are sent again individually. */
const AT_ONCE = 8;
/** Detects a hang: the test sends thousands of requests. */
const ALL_ATTACKS_MS = 900_000;
/** Error codes that show that a request with a valid body passed validation and failed because of the state of its object. */
const STATE_CODES = [
  "conflict",
  "event_type_exists",
  "limit_reached",
  "not_supported",
  "endpoint_disabled",
  // Of routes for people, which reject a token of the organisation and made-up credentials.
  "insufficient access",
  "authentication_failed",
  "sign_in_failed",
  "second_factor_failed",
  "too_many_sign_ins",
  "link_invalid",
  "identity_refused",
  "identity_provider_failed",
  "passkeys_unavailable",
];

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Attack {
  readonly route: Route;
  readonly title: string;
  readonly text: string;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly schema: Schema | null;
}

let folder: ReturnType<typeof temporaryFolder>;
let server: Running;
let scene: Scene;
let bodies: Bodies;
let known: ReadonlyMap<string, object>;
let routes: readonly Route[];

beforeAll(async () => {
  folder = temporaryFolder();
  server = await startServer(folder.path);
  scene = await Scene.make(server);
  known = validBodies(scene.offset);
  const document = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Schemas };
  };
  bodies = new Bodies(document.components.schemas, HINTS);
  routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => ["post", "put", "patch"].includes(method))
      // Receivers call the others, without a token and without JSON. They have separate tests.
      .filter(() => /^\/(?:api|ingest)\//.test(path))
      .map(([method, { operationId, requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        operationId,
        schema: Object.values(requestBody?.content ?? {})[0]?.schema ?? null,
      })),
  );
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/** Sends a request; its idempotency key is new. */
async function send({ method, path, operationId }: Route, text: string): Promise<ApiResponse> {
  const token = operationId.endsWith("logout") ? await scene.portalToken() : server.token;
  return scene.send(method, scene.fill(path), text, {
    "idempotency-key": randomUUID(),
    authorization: `Bearer ${token}`,
    "x-posthorn-csrf": "1",
  });
}

it("every route accepts the valid request made for it, so that hostile ones get past validation", async () => {
  expect(routes.length).toBeGreaterThan(70);
  const strange: string[] = [];
  for (const route of routes) {
    const { operationId, schema } = route;
    const valid = known.get(operationId) ?? (schema === null ? "" : bodies.valid(schema));
    const response = await send(route, valid === "" ? "" : JSON.stringify(valid));
    // Errors of RFC 8628 have their own format.
    const isFine =
      response.status < 300 ||
      STATE_CODES.some((code) => response.text.includes(`"code":"${code}"`)) ||
      /^\{"error":"[a-z_]+"/.test(response.text);
    if (!isFine) strange.push(`${route.method} ${route.path}: ${response.status} ${response.text.slice(0, 300)}`);
  }
  expect(strange).toEqual([]);
});

it(
  "no hostile request gets a 5xx or prevents the server from serving others",
  { timeout: ALL_ATTACKS_MS },
  async () => {
    const failures: string[] = [];
    const suspects: Attack[] = [];
    const attack = async ({ route, title, text }: Attack): Promise<void> => {
      const { status, text: response } = await send(route, text);
      if (status >= 500) failures.push(`${route.method} ${route.path}, ${title}: ${status} ${response.slice(0, 200)}`);
    };
    const refusals: number[] = [];
    await server.longestTurn();
    for (const group of groupsOf(attacksOn(routes), AT_ONCE)) {
      const [refused] = await Promise.all([server.serveOthers(), ...group.map(attack)]);
      refusals.push(...refused);
      if ((await server.longestTurn()) > MAX_TURN) suspects.push(...group);
    }
    for (const suspect of suspects) {
      let turn = Infinity;
      for (let round = 0; round < MAX_ROUNDS && turn > MAX_TURN; round++) {
        await attack(suspect);
        turn = Math.min(turn, await server.longestTurn());
      }
      if (turn <= MAX_TURN) continue;
      const { route, title } = suspect;
      failures.push(
        `${route.method} ${route.path}, ${title}: one turn took as long as parsing ${Math.round(turn)} MiB`,
      );
    }
    expect(failures).toEqual([]);
    expect(refusals).toEqual([]);
  },
);

function* groupsOf<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let group: T[] = [];
  for (const item of items) {
    if (group.push(item) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function* attacksOn(attacked: readonly Route[]): Generator<Attack> {
  for (const route of attacked) {
    if (route.schema === null) yield { route, title: "no body", text: "" };
    else for (const { title, text } of bodies.hostile(route.schema)) yield { route, title, text };
  }
}
