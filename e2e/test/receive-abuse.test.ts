/** Abuse of a source URL on the internet: memory stays bounded, and other clients are served meanwhile. */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { eventually, startServer } from "@posthorn/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { collect, openSocket, sendRaw } from "../lib/raw-http.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: { POSTHORN_TRUSTED_PROXIES: "" } });
const SECRET = "secret-of-the-hook";
const MB = 1024 * 1024;
/** Maximum growth of the process's memory by a flood: far less than it sends. */
const MAX_GROWTH = 300 * MB;

interface Source {
  readonly id: string;
  readonly url: string;
}

async function makeSource(fields: object = {}): Promise<Source> {
  const { json } = await world.api.post("/ingest/api/v1/source", {
    name: "Abuse",
    type: "github",
    secrets: [SECRET],
    ...fields,
  });
  return { id: json.id, url: json.ingestUrl };
}

function signed(body: string | Buffer, more: Record<string, string> = {}): Record<string, string> {
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const names = {
    "x-github-event": "push",
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": `sha256=${signature}`,
  };
  return { "content-type": "application/json", ...names, ...more };
}

async function deliver(
  { url }: Source,
  body: string | Buffer = "{}",
  more: Record<string, string> = {},
): Promise<number> {
  return (await fetch(url, { method: "POST", headers: signed(body, more), body: new Uint8Array(Buffer.from(body)) }))
    .status;
}

/** Memory of the server's process in bytes. */
function memory(): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${world.server.pid}/status`, "utf8"))![1]!;
  return Number(line) * 1024;
}

let good: Source;
beforeAll(async () => {
  good = await makeSource();
});
/** Asserts that another source is still served after the abuse. */
afterEach(async () => {
  const status = await deliver(good);
  if (status !== 200) throw new Error(`another source is no longer served: ${status}`);
});

function head({ url }: Source, headers: Record<string, string | number>): string {
  const lines = Object.entries({ host: "x", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${new URL(url).pathname} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

describe("slow clients", () => {
  it(
    "that send a byte from time to time are disconnected, and do not block other clients",
    { timeout: 240_000 },
    async () => {
      const source = await makeSource();
      const starts = [
        `POST ${new URL(source.url).pathname} HTTP/1.1\r\nhost: x\r\nx-slow: `,
        `${head(source, { "content-length": 1000 })}{`,
      ];
      const sockets: Socket[] = [];
      for (let n = 0; n < 200; n++) sockets.push(await openSocket(world.server.url));
      const closed = sockets.map((socket) => collect(socket, 110_000));
      sockets.forEach((socket, n) => socket.write(starts[n % 2]!));
      const drip = setInterval(() => sockets.forEach((socket) => !socket.destroyed && socket.write("a")), 500);
      try {
        const responses = await Promise.all(Array.from({ length: 50 }, () => deliver(good)));
        expect(new Set(responses)).toEqual(new Set([200]));
        const said = await Promise.all(closed);
        expect(said.flatMap(({ statuses }) => statuses).filter((status) => status !== 408)).toEqual([]);
      } finally {
        clearInterval(drip);
        for (const socket of sockets) socket.destroy();
      }
      expect((await world.api.get(`/api/v1/app/${source.id}/msg`)).json.data).toEqual([]);
    },
  );
});

describe("large bodies", () => {
  it("of 100 MB with a declared length are rejected and not kept in memory", { timeout: 240_000 }, async () => {
    const before = memory();
    const statuses = await Promise.all(Array.from({ length: 10 }, () => pour(good, 100 * MB, true)));
    expect(statuses.filter((status) => status !== 413 && status !== 0)).toEqual([]);
    expect(memory() - before).toBeLessThan(MAX_GROWTH);
  });

  it(
    "of 100 MB without a declared length are cut off, twenty at a time, and nothing of them is kept",
    { timeout: 240_000 },
    async () => {
      const source = await makeSource();
      const before = memory();
      const statuses = await Promise.all(Array.from({ length: 20 }, () => pour(source, 100 * MB)));
      expect(statuses.filter((status) => status !== 413 && status !== 503 && status !== 0)).toEqual([]);
      expect(memory() - before).toBeLessThan(MAX_GROWTH);
      expect((await world.api.get(`/api/v1/app/${source.id}/msg`)).json.data).toEqual([]);
    },
  );

  it("that are compressed are stored unchanged, and never decompressed", async () => {
    const source = await makeSource();
    // Half a gigabyte of zeros, compressed to half a megabyte.
    const bomb = gzipSync(Buffer.alloc(512 * MB));
    expect(bomb.length).toBeLessThan(MB);
    const before = memory();
    expect(await deliver(source, bomb, { "content-encoding": "gzip" })).toBe(200);
    expect(await deliver(source, bomb, { "content-encoding": "gzip", "x-hub-signature-256": "sha256=00" })).toBe(401);
    const { json } = await world.api.get(`/api/v1/app/${source.id}/msg?with_content=false`);
    expect(json.data).toHaveLength(1);
    expect(memory() - before).toBeLessThan(MAX_GROWTH);
  });

  it("of one source that wait in memory leave room for other sources", async () => {
    const source = await makeSource();
    const sockets: Socket[] = [];
    try {
      // Each has sent all but its last byte: together more than one source may hold.
      for (let n = 0; n < 120; n++) {
        const socket = await openSocket(world.server.url);
        socket.on("error", () => undefined);
        socket.write(head(source, { "content-length": 900_001 }));
        socket.write(Buffer.alloc(900_000, "a"));
        sockets.push(socket);
      }
      const responses = await Promise.all(Array.from({ length: 30 }, () => deliver(good)));
      expect(new Set(responses)).toEqual(new Set([200]));
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    // The memory was released.
    await eventually(async () => expect(await deliver(source)).toBe(200));
  });
});

describe("headers", () => {
  it("beyond the limit are rejected, and use no memory", async () => {
    const flood = (count: number, size: number): string =>
      `POST ${new URL(good.url).pathname} HTTP/1.1\r\nhost: x\r\n${Array.from({ length: count }, (_, n) => `x-${n}: ${"a".repeat(size)}\r\n`).join("")}\r\n`;
    const before = memory();
    const responses = await Promise.all(Array.from({ length: 30 }, () => sendRaw(world.server.url, flood(20_000, 50))));
    expect(responses.flatMap(({ statuses }) => statuses).filter((status) => status !== 431)).toEqual([]);
    expect((await sendRaw(world.server.url, flood(1, 100_000))).statuses).toEqual([431]);
    expect(memory() - before).toBeLessThan(MAX_GROWTH);
  });

  it("that name another address are ignored, unless a trusted proxy wrote them", async () => {
    const office = { "x-forwarded-for": "203.0.113.7" };
    const fields = { allowedAddresses: ["203.0.113.0/24"] };
    expect(await deliver(await makeSource(fields), "{}", office)).toBe(403);
    await using behindProxy = await startServer({ env: { POSTHORN_TRUSTED_PROXIES: "127.0.0.1" } });
    const made = await fetch(`${behindProxy.url}/ingest/api/v1/source`, {
      method: "POST",
      headers: { authorization: `Bearer ${behindProxy.token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Abuse", type: "github", secrets: [SECRET], ...fields }),
    });
    const { id, ingestUrl: url } = (await made.json()) as { readonly id: string; readonly ingestUrl: string };
    expect(await deliver({ id, url }, "{}", office)).toBe(200);
    // Values written by the client are to the left of those added by the proxy.
    expect(await deliver({ id, url }, "{}", { "x-forwarded-for": "203.0.113.7, 198.51.100.9" })).toBe(403);
  });
});

describe("tokens", () => {
  it("that are guessed find nothing, and do not block other clients", { timeout: 240_000 }, async () => {
    const before = memory();
    const guess = async (): Promise<number> => {
      const token = randomBytes(24).toString("base64url");
      return (await fetch(`${world.server.url}/in/${token}`, { method: "POST", body: "{}" })).status;
    };
    const statuses = new Set<number>();
    for (let round = 0; round < 40; round++) {
      const [served, ...guessed] = await Promise.all([deliver(good), ...Array.from({ length: 50 }, guess)]);
      expect(served).toBe(200);
      for (const status of guessed) statuses.add(status);
    }
    expect([...statuses].filter((status) => status !== 404 && status !== 503)).toEqual([]);
    expect(memory() - before).toBeLessThan(MAX_GROWTH);
  });
});

describe("a flood", () => {
  it("on a source without earlier requests is accepted completely", async () => {
    const source = await makeSource();
    const statuses = await Promise.all(Array.from({ length: 300 }, () => deliver(source)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it("on one source is limited to its rate, and does not affect other sources", async () => {
    const flooded = await makeSource({ rateLimit: 5 });
    const start = performance.now();
    const [others, statuses] = await Promise.all([
      Promise.all(Array.from({ length: 40 }, () => deliver(good))),
      Promise.all(Array.from({ length: 400 }, () => deliver(flooded))),
    ]);
    expect(new Set(others)).toEqual(new Set([200]));
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const seconds = (performance.now() - start) / 1000;
    // The requests of one second at once, and then as many as the rate allows.
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(5 + 5 * seconds);
  });

  it(
    "of requests that fail verification leaves a limited number of them in quarantine",
    { timeout: 240_000 },
    async () => {
      const source = await makeSource();
      const before = memory();
      const body = "x".repeat(20_000);
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          Array.from({ length: 50 }, () => deliver(source, body, { "x-hub-signature-256": "sha256=00" })),
        );
      }
      await eventually(async () => {
        const { json } = await world.api.get(`/ingest/api/v1/source/${source.id}/quarantine?limit=250`);
        expect(json.data.length).toBeGreaterThan(0);
      });
      expect(memory() - before).toBeLessThan(MAX_GROWTH);
      expect((await world.api.get(`/api/v1/app/${source.id}/msg`)).json.data).toEqual([]);
    },
  );
});

/** Sends this many bytes, with a declared length or without. Returns the status, 0 if the connection was cut without a response. */
function pour({ url }: Source, bytes: number, known = false): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024, "a");
  return new Promise((resolve) => {
    const headers = { ...signed(""), ...(known ? { "content-length": String(bytes) } : {}) };
    const outgoing = request(url, { method: "POST", headers }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode!);
    });
    outgoing.on("error", () => resolve(0));
    let left = bytes;
    const write = (): void => {
      while (left > 0 && !outgoing.destroyed) {
        left -= chunk.length;
        if (!outgoing.write(chunk)) return;
      }
      outgoing.end();
    };
    outgoing.on("drain", write);
    write();
  });
}
