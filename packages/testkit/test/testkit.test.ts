import { expect, test } from "vitest";
import { eventually, startReceiver, startServer } from "../src/index.ts";

test("a server starts, keeps its data across a kill and a restart, and stops with code 0", async () => {
  await using server = await startServer();
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { ...init, headers: { authorization: `Bearer ${server.token}` } });
  const body = JSON.stringify({ name: "Kept", uid: "kept" });
  expect((await call("/api/v1/app", { method: "POST", body })).status).toBe(201);
  expect(await server.kill()).toEqual({ code: null, signal: "SIGKILL" });
  await server.restart();
  expect((await call("/api/v1/app/kept")).status).toBe(200);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test("a server that exits by itself fails the test", async () => {
  const server = await startServer();
  process.kill(server.pid, "SIGKILL");
  await eventually(() => expect(fetch(server.url)).rejects.toThrow("fetch failed"));
  await expect(server[Symbol.asyncDispose]()).rejects.toThrow("exited by itself");
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
