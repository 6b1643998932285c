import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it, test } from "vitest";
import { eventually, freePort, startReceiver, startServer } from "../src/index.ts";

test("a server starts, keeps its data across a kill and a restart, and stops with code 0", async () => {
  await using server = await startServer();
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { ...init, headers: { authorization: `Bearer ${server.token}` } });
  const body = JSON.stringify({ name: "Kept", uid: "kept" });
  expect((await call("/api/v1/app", { method: "POST", body })).status).toBe(201);
  // The server never starts a second thread.
  expect(await (await call("/api/v1/cluster")).json()).toMatchObject({ nodes: [{ thread: null }] });
  expect(await server.kill()).toEqual({ code: null, signal: "SIGKILL" });
  await server.restart();
  expect((await call("/api/v1/app/kept")).status).toBe(200);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test("a server that exits by itself fails the test", async () => {
  const server = await startServer();
  process.kill(server.pid, "SIGKILL");
  await eventually(() => expect(fetch(server.url)).rejects.toThrow("fetch failed"));
  await expect(server[Symbol.asyncDispose]()).rejects.toThrow("exited on its own");
});

test("a server that cannot start reports the reason", async () => {
  await expect(startServer({ env: { POSTHORN_LISTEN: "nowhere" } })).rejects.toThrow("POSTHORN_LISTEN");
});

test("a receiver records exact bytes and the case of header names, and responds as configured", async () => {
  await using receiver = await startReceiver({ response: (request) => (request.index === 0 ? 500 : 201) });
  const body = Buffer.from([0, 1, 255]);
  const send = (): Promise<Response> =>
    fetch(`${receiver.url}/hook?a=1`, { method: "POST", body, headers: { "X-Two-Words": "yes" } });
  expect((await send()).status).toBe(500);
  expect((await send()).status).toBe(201);
  const [first] = await receiver.waitForCount(2);
  expect(first).toMatchObject({ method: "POST", path: "/hook?a=1", body });
  expect(first!.headers["x-two-words"]).toBe("yes");
  receiver.respondWith({ status: 302, headers: { location: "/else" }, body: "moved" });
  const moved = await fetch(receiver.url, { redirect: "manual" });
  expect([moved.status, moved.headers.get("location"), await moved.text()]).toEqual([302, "/else", "moved"]);
  receiver.respondWith("reset");
  await expect(send()).rejects.toThrow("fetch failed");
});

test("an endless response waits for a slow reader with a single listener", async () => {
  await using receiver = await startReceiver({ response: "endless" });
  const warnings: string[] = [];
  const warned = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", warned);
  const { body } = await fetch(receiver.url, { method: "POST" });
  let read = 0;
  for await (const chunk of body!) if ((read += chunk.byteLength) > 64 * 1024 * 1024) break;
  await receiver.disconnected();
  process.off("warning", warned);
  expect(warnings).toEqual([]);
});

describe("a free port", () => {
  it("is outside the range from which the system takes ports for other sockets", async () => {
    const file = "/proc/sys/net/ipv4/ip_local_port_range";
    const [from, to] = existsSync(file) ? readFileSync(file, "utf8").split(/\s+/).map(Number) : [32_768, 60_999];
    const port = await freePort();
    expect(port < from! || port > to!).toBe(true);
  });

  it("is not given to another process", async () => {
    const module = new URL("../src/free-port.ts", import.meta.url).href;
    const script = `
      import { freePort } from ${JSON.stringify(module)};
      const ports = [];
      while (ports.length < 100) ports.push(await freePort());
      console.log(ports.join());`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    const others = stdout.split(",").map(Number);
    expect(others).toHaveLength(100);
    for (let count = 0; count < 100; count++) expect(others).not.toContain(await freePort());
  });

  it("is skipped while it is in use", async () => {
    const port = await freePort();
    await using server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    for (let count = 0; count < 100; count++) expect(await freePort()).not.toBe(port);
  });
});

test("waiting for an effect continues as long as there is progress, and fails without progress", async () => {
  let reached = 0;
  const progress = (): number => Math.min(5, ++reached);
  const never = (): void => expect(reached).toBe(-1);
  await expect(eventually(never, { timeoutMs: 60, intervalMs: 20, progress })).rejects.toThrow("to be -1");
  // It continued each time the number had grown, and once more.
  expect(reached).toBeGreaterThan(5);
});
