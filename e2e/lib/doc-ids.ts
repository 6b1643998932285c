/**
 * IDs that a reader of the documents has, and the documents cannot know: `ENDPOINT` in `call GET app/demo/endpoint/ENDPOINT`. Before a block
 * runs, each such word is replaced with the ID of an object of the test's server, which is created for it.
 */
import assert from "node:assert/strict";
import { eventually } from "@posthorn/testkit";
import type { World } from "./world.ts";

type Find = (world: World, code: string) => Promise<string>;

/** Messages of a replay that is still running while a block pauses, resumes and cancels it. */
const REPLAYED = 20;

const FINDERS: Readonly<Record<string, Find>> = {
  MSG: (world) => delivered(world, "demo"),
  MESSAGE: (world) => delivered(world, "acme"),
  ATTEMPT: async (world, code) => {
    const message = /\/msg\/([\w-]+)\/attempt\/ATTEMPT/.exec(code)![1]!;
    return first(world, `/api/v1/app/demo/attempt/msg/${message}`);
  },
  ENDPOINT: async (world, code) => {
    const app = /\bapp\/(\w+)/.exec(code)![1]!;
    const body = code.includes("/poller/") ? { kind: "polling" } : { url: `${world.receiver.url}/documented` };
    return made(world, `/api/v1/app/${app}/endpoint`, body);
  },
  REPLAY: async (world, code) => {
    const isOfOne = code.includes("app/demo/replay/REPLAY");
    const query = { since: new Date(Date.now() - 3_600_000).toISOString(), statuses: ["success"], ratePerSecond: 1 };
    for (let count = 0; count < REPLAYED; count++) await delivered(world, "demo");
    return made(world, isOfOne ? "/api/v1/app/demo/replay" : "/api/v1/replay", query);
  },
  INCIDENT: async (world) => {
    const url = `${world.receiver.url}/down`;
    await made(world, "/api/v1/app/acme/endpoint", { url, channels: ["down"] });
    await made(world, "/api/v1/app/acme/msg", { eventType: "invoice.paid", payload: {}, channels: ["down"] });
    return first(world, "/api/v1/incident");
  },
  RULE_ID: (world) => made(world, "/api/v1/redaction-rule", { path: "$.customer.phone", action: "mask" }),
};

/** Creates something. @returns Its ID. */
async function made({ api }: World, path: string, body: object): Promise<string> {
  const { status, json, text } = await api.post(path, body);
  assert.ok(status >= 200 && status < 300, `POST ${path}: ${text}`);
  return (json as { readonly id: string }).id;
}

/** ID of the newest row of a list, once there is one. */
function first({ api }: World, path: string): Promise<string> {
  return eventually(async () => {
    const [row] = (await api.get(path)).json["data"] as readonly { readonly id: string }[];
    assert.ok(row, `${path} is empty`);
    return row.id;
  });
}

/** Publishes a message that an endpoint receives. */
async function delivered(world: World, app: string): Promise<string> {
  const url = `${world.receiver.url}/documented`;
  await world.api.put(`/api/v1/app/${app}/endpoint/documented`, { url, uid: "documented" });
  const id = await made(world, `/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload: { amount: 12.5 } });
  await first(world, `/api/v1/app/${app}/attempt/msg/${id}`);
  return id;
}

/** The code with the IDs of this server. `$MESSAGE` and the like are variables that the reader sets. */
export async function withIds(code: string, world: World): Promise<string> {
  let filled = code;
  for (const [word, find] of Object.entries(FINDERS)) {
    const variable = new RegExp(`\\$\\{?${word}\\b`);
    const literal = new RegExp(`(?<![\\w$"{-])${word}(?![\\w=}-])`, "g");
    const isQuoted = filled.includes(`"${word}"`);
    if (variable.test(filled) && !filled.includes(`${word}=`))
      filled = `${word}='${await find(world, filled)}'\n${filled}`;
    else if (literal.test(filled) || isQuoted) {
      const id = await find(world, filled);
      filled = filled.replaceAll(literal, id).replaceAll(`"${word}"`, `"${id}"`);
    }
  }
  return filled;
}
