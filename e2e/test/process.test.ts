import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  eventually,
  makeToken,
  DEFAULT_ORGANISATION,
  organisationId,
  startReceiver,
  startServer,
  type TestServer,
} from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { Api } from "../lib/api.ts";
import { runCli } from "../lib/cli.ts";
import { checkDisk } from "../lib/disk.ts";
import { canMount, smallDisk, temporaryFolder } from "../lib/folder.ts";
import { openSocket } from "../lib/raw-http.ts";
import { Recorder } from "../lib/recorder.ts";

function apiOf(server: TestServer): Api {
  return new Api(server.url, server.token, new Recorder());
}

const ATTEMPTS = (message: string): string => `/api/v1/app/process/attempt/msg/${message}`;

/** An application with one endpoint, and a message in flight to it. */
async function publishTo(api: Api, url: string): Promise<string> {
  await api.post("/api/v1/app?get_if_exists=true", { name: "Process", uid: "process" });
  await api.post("/api/v1/app/process/endpoint", { url });
  return publish(api);
}

async function publish(api: Api, text = ""): Promise<string> {
  const response = await api.post("/api/v1/app/process/msg", { eventType: "a", payload: { text } });
  expect(response.status).toBe(202);
  return response.json.id as string;
}

describe("SIGTERM", () => {
  it("refuses new connections, lets the attempt in flight finish, records it, and exits with 0", async () => {
    const held = Promise.withResolvers<void>();
    await using receiver = await startReceiver({ response: () => held.promise.then(() => 200) });
    await using server = await startServer();
    const { url } = server;
    const message = await publishTo(apiOf(server), receiver.url);
    await receiver.waitForCount(1);
    const stopping = server.stop();
    await eventually(async () => {
      const refused = await openSocket(url).then(
        (socket) => socket.destroy() === null,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      );
      expect(refused).toBe(true);
    });
    held.resolve();
    expect(await stopping).toEqual({ code: 0, signal: null });
    await server.restart();
    const { data } = (await apiOf(server).get(ATTEMPTS(message))).json;
    expect(data).toMatchObject([{ status: 0, responseStatusCode: 200 }]);
    expect(receiver.requests).toHaveLength(1);
  });

  it("responds to a request in progress", async () => {
    await using server = await startServer();
    const api = apiOf(server);
    await api.post("/api/v1/app", { name: "Process", uid: "process" });
    const socket = await openSocket(server.url);
    const body = '{"eventType":"a","payload":{}}';
    const answered = once(socket, "data") as Promise<[Buffer]>;
    const length = `content-length: ${body.length}`;
    socket.write(
      `POST /api/v1/app/process/msg HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.token}\r\n${length}\r\n\r\n{`,
    );
    await api.get("/health", { token: null });
    const stopping = server.stop();
    socket.write(body.slice(1));
    expect((await answered)[0].toString()).toMatch(/^HTTP\/1\.1 202 /);
    expect(await stopping).toEqual({ code: 0, signal: null });
  });

  it("aborts an attempt that exceeds the shutdown timeout without using it up, and the next start repeats it", async () => {
    await using receiver = await startReceiver({ response: "hang" });
    await using server = await startServer({
      env: { POSTHORN_SHUTDOWN_TIMEOUT: "0.3", POSTHORN_REQUEST_TIMEOUT: "60" },
    });
    const message = await publishTo(apiOf(server), receiver.url);
    await receiver.waitForCount(1);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    receiver.respondWith(200);
    await server.restart();
    await receiver.waitForCount(2);
    const api = apiOf(server);
    await eventually(async () =>
      expect((await api.get(ATTEMPTS(message))).json.data).toMatchObject([{ status: 0, triggerType: 0 }]),
    );
    expect(new Set(receiver.requests.map((request) => request.headers["webhook-id"]))).toEqual(new Set([message]));
  });

  it("sent twice stops the process at once, and no accepted message is lost", async () => {
    await using receiver = await startReceiver({ response: "hang" });
    using folder = temporaryFolder();
    const secret = `secret-of-a-test-${organisationId()}`;
    const token = makeToken({ sub: DEFAULT_ORGANISATION }, secret);
    const env = { POSTHORN_SHUTDOWN_TIMEOUT: "600", POSTHORN_REQUEST_TIMEOUT: "300", POSTHORN_JWT_SECRET: secret };
    const start = () =>
      runCli(["start", "--dev", "--log-format", "json", "--listen", "127.0.0.1:0", "--data-dir", folder.path], env);
    let message: string;
    {
      await using server = start();
      message = await publishTo(new Api(await server.url, token, new Recorder()), receiver.url);
      await receiver.waitForCount(1);
      const wasTold = once(server.child.stdout!, "data");
      server.child.kill("SIGTERM");
      await wasTold;
      server.child.kill("SIGTERM");
      expect(await server.ended).toMatchObject({ code: 130, signal: null });
    }
    receiver.respondWith(204);
    await using server = start();
    await server.url;
    const again = await receiver.waitFor((request) => request.index > 0);
    expect(again.headers["webhook-id"]).toBe(message);
  });
});

/** CPU time of a process and its threads so far. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  // User and system time, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

describe("a start", () => {
  // CPU time, because other processes of a busy machine delay a start.
  it.runIf(process.platform === "linux")(
    "until the first response takes less than five seconds of CPU time",
    async () => {
      const seconds: number[] = [];
      using folder = temporaryFolder();
      for (let run = 0; run < 3; run++) {
        await using server = runCli([
          "start",
          "--dev",
          "--log-format",
          "json",
          "--listen",
          "127.0.0.1:0",
          "--data-dir",
          folder.path,
        ]);
        expect((await fetch(`${await server.url}/health`)).status).toBe(204);
        seconds.push(cpuSeconds(server.child.pid!));
      }
      process.stdout.write(
        `start to first response: ${seconds.join(", ")} s of CPU time (the first creates the database)\n`,
      );
      expect(Math.min(...seconds)).toBeLessThan(5);
    },
  );

  it("on a data folder that another process uses fails with a message and does not disturb that process", async () => {
    await using server = await startServer();
    await using second = runCli(["start", "--data-dir", server.dataDir, "--listen", "127.0.0.1:0"]);
    const { code, stderr } = await second.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^posthorn: Another Posthorn process uses [^\n]+\n$/);
    expect((await apiOf(server).get("/api/v1/app")).status).toBe(200);
  });

  it("on a database of a newer version fails with a message and does not change the file", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    const db = new DatabaseSync(path);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA user_version = 999; CREATE TABLE from_the_future (id)");
    db.close();
    const before = readFileSync(path);
    await using server = runCli(["start", "--data-dir", folder.path, "--listen", "127.0.0.1:0"]);
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^posthorn: [^\n]*newer Posthorn \(schema 999[^\n]+\n$/);
    expect(readFileSync(path)).toEqual(before);
  });

  it("on a damaged file fails with a message that names it", async () => {
    using sound = temporaryFolder();
    await using server = await startServer({ dataDir: sound.path });
    await publishTo(apiOf(server), "http://127.0.0.1:9/");
    await server.stop();
    const file = readFileSync(join(sound.path, "posthorn.db"));
    const damaged = [
      Buffer.from("not a database ".repeat(1000)),
      // The first page, with its header and schema, and the rest destroyed.
      Buffer.concat([file.subarray(0, 4096), Buffer.alloc(file.length - 4096, 0xa5)]),
      file.subarray(0, 5000),
    ];
    const refusals = damaged.map(async (bytes) => {
      using folder = temporaryFolder();
      writeFileSync(join(folder.path, "posthorn.db"), bytes);
      await using refused = runCli(["start", "--data-dir", folder.path, "--listen", "127.0.0.1:0"]);
      return await refused.ended;
    });
    for (const { code, stderr } of await Promise.all(refusals)) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^posthorn: The database [^\n]*posthorn\.db is damaged or is not a database[^\n]+\n$/);
    }
  });

  it("on a port in use fails with a message", async () => {
    using folder = temporaryFolder();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await using server = runCli(["start", "--data-dir", folder.path, "--listen", `127.0.0.1:${port}`]);
    const { code, stderr } = await server.ended;
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^posthorn: Cannot listen on 127\.0\.0\.1:\d+ [^\n]+POSTHORN_LISTEN\.\n$/);
  });

  it.each([
    ["POSTHORN_RETRY_SCHEDULE", "5,soon"],
    ["POSTHORN_EGRESS_ALLOW", "10.0.0.0/99"],
    ["POSTHORN_RETRY_SHEDULE", "5"],
  ])("with an invalid setting fails with one sentence that names it: %s=%s", async (name, value) => {
    using folder = temporaryFolder();
    await using start = runCli(["start", "--data-dir", folder.path], { [name]: value });
    await using config = runCli(["config", "--data-dir", folder.path], { [name]: value });
    for (const { code, stderr } of [await start.ended, await config.ended]) {
      expect(stderr).toMatch(new RegExp(`^posthorn: ${name} [^\\n]+\\.\\n$`));
      expect(code).toBe(1);
    }
  });

  it("in a folder that cannot be created fails with a message", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    await using refused = runCli(["start", "--data-dir", join(folder.path, "file", "data")]);
    const { code, stderr } = await refused.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^posthorn: [^\n]+\.\n$/);
  });

  it("with a missing settings file fails with a message", async () => {
    await using refused = runCli(["start", "--config", "/nowhere/posthorn.env"]);
    const { code, stderr } = await refused.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^posthorn: The settings file \/nowhere\/posthorn\.env cannot be read[^\n]+\n$/);
  });
});

describe("posthorn config", () => {
  it("shows every value and its source, and no secret", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "posthorn.env");
    const key = Buffer.alloc(32, 7).toString("base64");
    writeFileSync(file, `POSTHORN_REQUEST_TIMEOUT=7\nPOSTHORN_CONCURRENCY=9\nPOSTHORN_ENCRYPTION_KEY=${key}\n`);
    const secret = "a-secret-that-nobody-may-read-0123456789";
    const env = { POSTHORN_JWT_SECRET: secret, POSTHORN_CONCURRENCY: "10", POSTHORN_LOG_LEVEL: "warn" };
    await using shown = runCli(
      ["config", "--json", "--config", file, "--log-level", "debug", "--data-dir", folder.path],
      env,
    );
    const { code, stdout, stderr } = await shown.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain(secret);
    expect(stdout).not.toContain(key);
    const settings = JSON.parse(stdout) as { name: string; value: string; origin: string; help: string }[];
    const of = (name: string): string[] => {
      const { value, origin } = settings.find((setting) => setting.name === name)!;
      return [value, origin];
    };
    expect(of("POSTHORN_LOG_LEVEL")).toEqual(["debug", "flag"]);
    expect(of("POSTHORN_CONCURRENCY")).toEqual(["10", "environment"]);
    expect(of("POSTHORN_REQUEST_TIMEOUT")).toEqual(["7", "file"]);
    expect(of("POSTHORN_JWT_SECRET")).toEqual(["********", "environment"]);
    expect(of("POSTHORN_ENCRYPTION_KEY")).toEqual(["********", "file"]);
    expect(of("POSTHORN_EGRESS_ALLOW")).toEqual(["external", "default"]);
    expect(settings.every((setting) => setting.help.length > 0)).toBe(true);
  });
});

describe("strict mode", () => {
  it("calls no address of this machine or its network, in any notation", async () => {
    await using receiver = await startReceiver();
    await using server = await startServer({ dev: false, env: { POSTHORN_RETRY_SCHEDULE: "" } });
    const { port } = new URL(receiver.url);
    const api = apiOf(server);
    await api.post("/api/v1/app", { name: "Process", uid: "process" });
    expect((await api.post("/api/v1/app/process/endpoint", { url: `http://localhost:${port}/` })).status).toBe(422);
    const hosts = [
      "127.0.0.1",
      "127.1",
      "0x7f000001",
      "2130706433",
      "0.0.0.0",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "10.0.0.1",
      "169.254.169.254",
    ];
    for (const host of hosts) {
      expect((await api.post("/api/v1/app/process/endpoint", { url: `http://${host}:${port}/` })).status).toBe(201);
    }
    const message = await publish(api);
    const { data } = await eventually(async () => {
      const { json } = await api.get(ATTEMPTS(message));
      expect(json.data).toHaveLength(hosts.length);
      return json as { data: { errorCode: string; response: string }[] };
    });
    expect(new Set(data.map((attempt) => attempt.errorCode))).toEqual(new Set(["blocked_address"]));
    // The same text for all addresses, so that responses reveal nothing about the network.
    expect(new Set(data.map((attempt) => attempt.response)).size).toBe(1);
    expect(receiver.requests).toEqual([]);
  });
});

/** Skipped where no file system can be mounted; the store's own tests fill a disk everywhere. */
const SMALL_DISKS = canMount() ? [6] : [];

it.each(SMALL_DISKS)(
  "a full disk of %i MB causes 503 with its code and loses nothing, until there is space again",
  async (megabytes) => {
    using disk = smallDisk(megabytes)!;
    const filler = join(disk.path, "filler");
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    await using receiver = await startReceiver();
    await using server = await startServer({ dataDir: disk.path, allowErrors: true });
    const api = apiOf(server);
    const accepted = [await publishTo(api, receiver.url)];
    const body = { eventType: "a", payload: { text: "x".repeat(60_000) } };
    const publishUntilFull = async () => {
      for (;;) {
        const response = await api.post("/api/v1/app/process/msg", body);
        if (response.status !== 202) return response;
        accepted.push(response.json.id as string);
      }
    };
    const refused = await publishUntilFull();
    expect([refused.status, refused.json.code]).toEqual([503, "storage_full"]);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    const page = await api.get("/api/v1/app/process/msg?limit=250&with_content=false");
    expect(new Set((page.json.data as { id: string }[]).map(({ id }) => id))).toEqual(new Set(accepted));

    rmSync(filler);
    await eventually(async () => {
      const response = await api.post("/api/v1/app/process/msg", body);
      expect(response.status).toBe(202);
      accepted.push(response.json.id as string);
    });
    const endpoint = (await api.get("/api/v1/app/process/endpoint")).json.data[0].id as string;
    await eventually(
      async () => {
        const stats = await api.get(`/api/v1/app/process/endpoint/${endpoint}/stats`);
        expect(stats.json).toMatchObject({ success: accepted.length, pending: 0, sending: 0, fail: 0 });
      },
      { timeoutMs: 60_000 },
    );
    expect(receiver.requests).toHaveLength(accepted.length);
    expect(new Set(receiver.requests.map((request) => request.headers["webhook-id"]))).toEqual(new Set(accepted));
    await server.stop();
    expect(checkDisk(disk.path)).toBe("ok");
  },
);
