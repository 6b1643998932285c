/** Reads a stream of Redis with a consumer group. The consumer keeps its name, so that its pending entries are its own after a crash. */
import type { Redis } from "ioredis";
import { connectRedis, redisFailure } from "../../destinations/connections/drivers/redis.ts";
import type { ConfigOf } from "../kind.ts";
import type { REDIS_SOURCE } from "../kinds/redis.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { listenFailure } from "./failure.ts";
import { EXTRA_BYTES, StandIns } from "./large-messages.ts";
import type { Listener, ListenHost } from "./listener.ts";
import { RedisFrames } from "./redis-frames.ts";

type Config = ConfigOf<(typeof REDIS_SOURCE)["fields"]>;
type Entry = readonly [id: Buffer, fields: readonly Buffer[] | null];

const READ_COUNT = 64;
const BLOCK_MS = 5000;
/** Interval at which entries that were read and not acknowledged are looked for. */
const SCAN_MS = 10_000;

export const redisListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const { promise: down, reject } = Promise.withResolvers<never>();
    down.catch(() => undefined);
    const open = (): Promise<Redis> =>
      connectRedis(config, {
        signal: host.signal,
        onDown: () => reject(Object.assign(new Error("Redis closed the connection"), { code: "ECONNRESET" })),
      });
    const standIns = new StandIns();
    host.shorten((output) => new RedisFrames(host.maxBodyBytes + EXTRA_BYTES, standIns, output));
    // A blocked connection accepts no other command until entries arrive.
    const [reader, writer] = [await open(), await open()];
    try {
      await createGroup(writer, config, host);
      host.connected();
      await Promise.race([read({ reader, writer, config, host, standIns, storing: new Set() }), down]);
    } finally {
      reader.disconnect();
      writer.disconnect();
    }
  },
  forget: async (host) => {
    const config = host.config as Config;
    const client = await connectRedis(config, { signal: host.signal, onDown: () => undefined });
    try {
      if (config.group === null) await client.xgroup("DESTROY", config.stream, host.session);
      else await client.xgroup("DELCONSUMER", config.stream, config.group, host.session);
    } catch (error) {
      if (!/no such key|requires the key to exist|NOGROUP/i.test((error as Error).message)) throw error;
    } finally {
      client.disconnect();
    }
  },
  failure: (error) => {
    const message = error instanceof Error ? error.message : "";
    if (message.startsWith("NOGROUP") || /requires the key to exist/i.test(message)) {
      const text = "The stream or its consumer group does not exist.";
      return {
        code: "target_not_found",
        message: text,
        hint: "Create it, or change the configuration.",
        retryAfterMs: null,
      };
    }
    const result = redisFailure(error);
    if (result === null) return null;
    const failure = listenFailure(result);
    return message.startsWith("NOPERM")
      ? { ...failure, hint: "Allow the user to run XREADGROUP, XACK and XGROUP on the stream." }
      : failure;
  },
};

/** A group that Posthorn creates begins with the next entry, or with the first. */
async function createGroup(client: Redis, { stream, group, start }: Config, host: ListenHost): Promise<void> {
  if (group !== null) return;
  // A group that was removed has lost the position. The stream is read from its beginning then, and repetitions are dropped.
  const from = start === "all" || host.cursor !== null ? "0" : "$";
  try {
    await client.xgroup("CREATE", stream, host.session, from, "MKSTREAM");
  } catch (error) {
    if (!(error as Error).message.startsWith("BUSYGROUP")) throw error;
  }
  if (host.cursor === null) await host.save({ group: host.session });
}

const NO_BYTES = new Uint8Array(0);

interface Reading {
  readonly reader: Redis;
  readonly writer: Redis;
  readonly config: Config;
  readonly host: ListenHost;
  /** Entries that were too large to be kept. */
  readonly standIns: StandIns;
  /** IDs of entries that are being stored. */
  readonly storing: Set<string>;
}

async function read(reading: Reading): Promise<void> {
  const { host } = reading;
  // Entries that were read before a crash and not acknowledged. They stay in the list until they are acknowledged, so each round begins after
  // the last.
  let from = "0";
  let nextScanAt = 0;
  for (;;) {
    // The connection of a node that was frozen may still take entries, in the name of the same consumer.
    if (from === ">" && host.now() >= nextScanAt) from = "0";
    const entries = await readEntries(reading, from);
    if (from !== ">") {
      from = entries.length === 0 ? ">" : entries.at(-1)![0].toString();
      nextScanAt = host.now() + SCAN_MS;
    }
    for (const entry of entries) handOver(reading, entry);
    if (host.isFull) await host.room();
    if (host.signal.aborted) return;
  }
}

async function readEntries({ reader, config, host }: Reading, from: string): Promise<readonly Entry[]> {
  const { stream, group } = config;
  const count = Math.min(READ_COUNT, host.window);
  const name = group ?? host.session;
  const reply = (await reader.xreadgroupBuffer(
    "GROUP",
    name,
    host.session,
    "COUNT",
    count,
    "BLOCK",
    BLOCK_MS,
    "STREAMS",
    stream,
    from,
  )) as unknown as readonly (readonly [stream: Buffer, entries: readonly Entry[]])[] | null;
  return reply?.[0]?.[1] ?? [];
}

function handOver({ writer, config, host, standIns, storing }: Reading, [rawId, fields]: Entry): void {
  const id = rawId.toString();
  const large = fields?.map((field) => standIns.take(field)).find((found) => found !== null);
  if (storing.has(id)) return;
  storing.add(id);
  const acknowledge = (): void => {
    writer
      .xack(config.stream, config.group ?? host.session, id)
      .catch(() => undefined)
      .finally(() => storing.delete(id));
  };
  // The entry was removed from the stream after it had been read.
  if (fields === null) {
    acknowledge();
    return;
  }
  const place = { topic: config.stream, reference: `entry ${id}` };
  const handed =
    large === undefined
      ? deliver(host, config.eventType, { place, body: NO_BYTES, read: () => messageOf(id, fields, config) })
      : host.quarantine(tooLargeToKeep(place, large, host.maxBodyBytes));
  handed.then(acknowledge, () => undefined);
}

function messageOf(id: string, fields: readonly Buffer[], { stream, bodyField }: Config): BrokerMessage {
  const pairs: [string, Buffer][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2)
    pairs.push([fields[index]!.toString(), fields[index + 1]!]);
  const found = bodyField === null ? undefined : pairs.find(([name]) => name === bodyField);
  const others = found === undefined ? [] : pairs.filter((pair) => pair !== found);
  const time = Number(id.split("-")[0]);
  return {
    id,
    body:
      found?.[1] ??
      Buffer.from(JSON.stringify(Object.fromEntries(pairs.map(([name, value]) => [name, value.toString()])))),
    contentType:
      pairs.find(([name]) => name.toLowerCase() === "content-type")?.[1].toString() ??
      (found === undefined ? "application/json" : null),
    occurredAt: Number.isSafeInteger(time) && time > 0 ? time : null,
    metadata: [
      ["redis-stream", stream],
      ["redis-entry-id", id],
    ],
    headers: others.map(([name, value]) => [name, value.toString()] as const),
    topic: stream,
  };
}
