/** Sample data with names of maximum length that cannot wrap, and the path of every page that shows them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { eventually } from "@posthorn/testkit";
import { sendPush, SOURCE_SECRET } from "./dashboard-scene.ts";
import type { World } from "./world.ts";

/** The maximum length of an external ID. */
export const LONG = "x".repeat(60);
/** The maximum length of a name, without a position at which a line may break. */
export const LONG_NAME = `N${"n".repeat(199)}`;
/** As long as a signature, with slashes at which no line may break. */
const LONG_CODE = "/4FKRG1bjh2wLE3FNE=".repeat(4);
/** The maximum length of an event type. */
export const LONG_TYPE = `invoice.${"y".repeat(120)}`;

export interface HostileScene {
  readonly app: string;
  readonly endpoint: string;
  readonly longUrl: string;
  readonly message: string;
  readonly inbound: string;
  readonly source: string;
  /** The value of each parameter in the paths of the router. */
  readonly parameters: Readonly<Record<string, string>>;
}

export async function setUpHostileScene(world: World): Promise<HostileScene> {
  const { api, receiver } = world;
  receiver.respondWith(500);
  const make = async (path: string, body: object): Promise<Record<string, string>> => {
    const { status, json, text } = await api.post(path, body);
    assert.ok(status === 201 || status === 202, text);
    return json as Record<string, string>;
  };
  const type = { name: LONG_TYPE, description: LONG_NAME, groupName: `G${"g".repeat(60)}` };
  const schemas = { 1: { type: "object", properties: { [LONG]: { type: "string", examples: [LONG.repeat(20)] } } } };
  await make("/api/v1/event-type", { ...type, schemas });
  const { id: app } = await make("/api/v1/app", { name: LONG_NAME, uid: LONG });
  const longUrl = `${receiver.url}/${"webhooks".repeat(30)}/orders`;
  const { id: endpoint } = await make(`/api/v1/app/${app!}/endpoint`, {
    url: longUrl,
    uid: LONG,
    description: LONG_NAME,
    channels: [LONG],
    headers: { [`x-${LONG.slice(0, 60)}`]: LONG, "x-signature": LONG_CODE },
  });
  const published = { eventType: LONG_TYPE, eventId: LONG, channels: [LONG], tags: [LONG], payload: { [LONG]: LONG } };
  const { id: message } = await make(`/api/v1/app/${app!}/msg`, published);
  const fields = { name: LONG_NAME, uid: LONG, type: "github", secrets: [SOURCE_SECRET] };
  const { id: source, ingestUrl } = await make("/ingest/api/v1/source", fields);
  await make(`/ingest/api/v1/source/${source!}/endpoint`, { url: longUrl, description: LONG });
  await sendPush(ingestUrl!, LONG, SOURCE_SECRET, LONG);
  await sendPush(ingestUrl!, LONG, "wrong");
  const { id: watch } = await make(`/api/v1/app/${app!}/watch`, {
    name: LONG_NAME,
    uid: LONG,
    emit: { type: LONG_TYPE },
    rule: { read: { key: `$.${LONG}` }, when: { silent: "1d" }, expect: [LONG] },
  });
  const replay = await make(`/api/v1/app/${app!}/endpoint/${endpoint!}/recover`, {
    since: new Date(Date.now() - 3_600_000).toISOString(),
  });
  const first = (path: string): Promise<string> =>
    eventually(async () => {
      const { json } = await api.get(path);
      const [row] = json.data as { id: string }[];
      assert.ok(row, `${path} is empty`);
      return row.id;
    });
  const attempt = await first(`/api/v1/app/${app!}/attempt/msg/${message!}`);
  const incident = await first("/api/v1/incident");
  const inbound = await first(`/ingest/api/v1/source/${source!}/event`);
  const request = await first(`/ingest/api/v1/source/${source!}/quarantine`);
  return {
    app: app!,
    endpoint: endpoint!,
    longUrl,
    message: message!,
    inbound,
    source: source!,
    parameters: {
      app: app!,
      endpoint: endpoint!,
      message: message!,
      attempt,
      name: LONG_TYPE,
      source: source!,
      request,
      replay: replay["id"]!,
      incident,
      watch: watch!,
      template: "sensor-threshold",
      "": "no/such/page",
    },
  };
}

/** Every path of the router, so that new pages are tested without being listed here. */
export function routePaths(parameters: HostileScene["parameters"]): readonly string[] {
  const router = readFileSync(new URL("../../packages/dashboard/src/router.tsx", import.meta.url), "utf8");
  const [operator, portal] = router.split("const portalPages = ");
  const pathsIn = (text: string): string[] => [...text.matchAll(/\bpath: "([^"]+)"/g)].map(([, path]) => path!);
  const paths = [
    ...pathsIn(operator!).filter((path) => path !== "/portal"),
    ...pathsIn(portal!).map((path) => `/portal${path}`),
  ];
  return paths.map((path) =>
    path.replaceAll(/\$(\w*)/g, (_, name: string) => {
      const value = parameters[name];
      assert.ok(value !== undefined, `There is no value for $${name} of ${path}: add one to this scene.`);
      return value;
    }),
  );
}
