import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowsIn, temporaryFolder } from "../../../test/support/store.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { scanWal } from "./wal-file.ts";
import { describeWalLoss, type WalLoss } from "./wal-loss.ts";
import { fileState, markPath, readWalMark } from "./wal-mark.ts";

const PUBLISHER = fileURLToPath(new URL("../../../test/support/publish-until-killed.ts", import.meta.url));

/** A data folder into which one process after another publishes, each until it is killed or stopped. */
class Server implements Disposable {
  readonly #folder = temporaryFolder();
  readonly path = join(this.#folder.path, "posthorn.db");
  readonly log = `${this.path}-wal`;
  /** Messages that were reported as stored. */
  accepted = 0;
  /** Losses that the processes reported. */
  readonly reported: string[] = [];
  #lastKey = 0;
  #child: ChildProcess | null = null;

  /** Starts a process that publishes `count` messages; resolves once `until` of them are on disk. */
  async publish(until: number, { count = until, payloadBytes = 100 } = {}): Promise<void> {
    const numbers = [this.#lastKey + 1, this.#lastKey + count, payloadBytes].map(String);
    // The process may be killed after it stored a message and before it reported that.
    this.#lastKey += count;
    const child = spawn(process.execPath, [PUBLISHER, this.path, ...numbers], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    const goal = this.accepted + until;
    let rest = "";
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("the publisher ended")));
      child.stdout.on("data", (text: Buffer) => {
        const lines = (rest + text.toString()).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith("lost")) this.reported.push(line);
          else this.accepted++;
        }
        if (this.accepted >= goal) resolve();
      });
    });
  }

  async kill(): Promise<void> {
    const ended = once(this.#child!, "exit");
    this.#child!.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child!, "exit");
    this.#child!.stdin!.end();
    await ended;
  }

  /** Publishes messages, waits until the position note covers all of them, and kills the process. */
  async crash(messages: number): Promise<void> {
    await this.publish(messages);
    await eventually(() => {
      if ((readWalMark(this.path)?.frames ?? 0) < scanWal(this.log)!.frames) throw new Error("not noted yet");
    });
    await this.kill();
  }

  /** Copies the data to another folder. */
  copy(): Server {
    const copy = new Server();
    for (const file of ["", "-wal", ".journal"].filter((name) => existsSync(this.path + name)))
      copyFileSync(this.path + file, copy.path + file);
    const mark = { ...readWalMark(this.path)!, file: fileState(copy.path) };
    writeFileSync(markPath(copy.path), JSON.stringify(mark));
    copy.accepted = this.accepted;
    copy.#lastKey = this.#lastKey;
    return copy;
  }

  /** Starts, counts the messages and stops. */
  async start(): Promise<{ loss: WalLoss | null; messages: number }> {
    const losses: WalLoss[] = [];
    await using store = await SqliteStore.open({ path: this.path, onWalLoss: (loss) => void losses.push(loss) });
    const [loss = null] = losses;
    if (store.walLoss !== loss) throw new Error("the store and its listener disagree");
    return { loss, messages: await rowsIn(store, "message") };
  }

  /** Changes the byte at an offset in the log; a negative one counts from its end. */
  damage(at: number): void {
    const bytes = readFileSync(this.log);
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(this.log, bytes);
  }

  [Symbol.dispose](): void {
    this.#child?.kill("SIGKILL");
    this.#folder[Symbol.dispose]();
  }
}

describe("a start after a crash reports that the write-ahead log lost commits, and continues,", () => {
  const crashed = new Server();
  beforeAll(() => crashed.crash(60));
  afterAll(() => crashed[Symbol.dispose]());

  it("when its end was cut off", async () => {
    using server = crashed.copy();
    truncateSync(server.log, statSync(server.log).size - 50_000);
    const { loss, messages } = await server.start();
    expect(loss).toMatchObject({ kind: "cut", path: server.log });
    expect(loss!.frames).toBeLessThan(loss!.expectedFrames!);
    expect(describeWalLoss(loss!)).toContain(`${loss!.frames} of at least ${loss!.expectedFrames} pages`);
    expect(messages).toBeLessThan(server.accepted);
  });

  it("when only its header is left", async () => {
    using server = crashed.copy();
    truncateSync(server.log, 32);
    expect((await server.start()).loss).toMatchObject({ kind: "cut", frames: 0 });
  });

  it("when it was damaged in the middle, and only once", async () => {
    using server = crashed.copy();
    server.damage(statSync(server.log).size >> 1);
    await server.publish(1);
    await server.kill();
    expect(server.reported).toEqual(["lost damaged"]);
    const { loss, messages } = await server.start();
    expect(loss).toBeNull();
    expect(messages).toBeLessThan(server.accepted);
  });

  it("when it was damaged in the middle and the note is lost too", async () => {
    using server = crashed.copy();
    server.damage(statSync(server.log).size >> 1);
    rmSync(markPath(server.path));
    expect((await server.start()).loss).toMatchObject({ kind: "damaged", expectedFrames: null });
  });

  it("when its last commit was damaged", async () => {
    using server = crashed.copy();
    server.damage(-1);
    expect((await server.start()).loss).toMatchObject({ kind: "cut" });
  });

  it.each([
    ["it was emptied", (server: Server) => truncateSync(server.log, 0)],
    ["its header was damaged", (server: Server) => server.damage(17)],
  ])("when %s", async (_, change) => {
    using server = crashed.copy();
    change(server);
    expect((await server.start()).loss).toMatchObject({ kind: "missing", frames: 0 });
  });

  it("when it was deleted, and only once", async () => {
    rmSync(crashed.log);
    const { loss, messages } = await crashed.start();
    expect(loss).toMatchObject({ kind: "missing", frames: 0 });
    expect(loss!.expectedFrames).toBeGreaterThan(60);
    expect(messages).toBe(0);
    await crashed.publish(1);
    await crashed.kill();
    expect(crashed.reported).toEqual([]);
    expect((await crashed.start()).loss).toBeNull();
  });
});

describe("no loss is reported", () => {
  it("after a process was killed, any number of times and at any moment", async () => {
    using server = new Server();
    for (let round = 1; round <= 4; round++) {
      // Once under load, with messages large enough for checkpoints to restart the log, and once idle, when the note is exact.
      await server.publish(round * 20, { count: 10_000, payloadBytes: round % 2 === 0 ? 300_000 : 2000 });
      await server.kill();
      await server.crash(round);
    }
    expect(server.reported).toEqual([]);
    const { loss, messages } = await server.start();
    expect(loss).toBeNull();
    expect(messages).toBeGreaterThanOrEqual(server.accepted);
  });

  it("after a clean stop, which leaves no note", async () => {
    using server = new Server();
    await server.publish(20);
    expect(existsSync(markPath(server.path))).toBe(true);
    await server.stop();
    expect(existsSync(markPath(server.path))).toBe(false);
    expect(await server.start()).toEqual({ loss: null, messages: 20 });
  });

  it("when a checkpoint restarted the log and it contains less than before", async () => {
    using server = new Server();
    await server.publish(1, { count: 90, payloadBytes: 300_000 });
    const { salts } = scanWal(server.log)!;
    await eventually(() => expect(server.accepted).toBe(90));
    await server.kill();
    expect(scanWal(server.log)!.salts).not.toBe(salts);
    expect(await server.start()).toEqual({ loss: null, messages: 90 });
  });

  it("when the deleted log contained nothing that is missing in the database file", async () => {
    using server = new Server();
    await server.publish(20);
    using other = new DatabaseSync(server.path);
    other.exec("PRAGMA wal_checkpoint(PASSIVE)");
    other.close();
    await server.kill();
    rmSync(server.log);
    expect(await server.start()).toEqual({ loss: null, messages: 20 });
  });

  it("when another program opened the database after the crash and closed it, which deletes the log", async () => {
    using server = new Server();
    await server.crash(20);
    const other = new DatabaseSync(server.path);
    other.prepare("SELECT count(*) FROM message").get();
    other.close();
    expect(existsSync(server.log)).toBe(false);
    expect(await server.start()).toEqual({ loss: null, messages: 20 });
  });

  it.each([
    ["put in the place of the removed files", true],
    ["copied over the database file", false],
  ])("when a backup was %s", async (_, remove) => {
    using server = new Server();
    await server.crash(20);
    const backup = `${server.path}.backup`;
    const reader = new DatabaseSync(server.path, { readOnly: true });
    reader.exec(`VACUUM INTO '${backup}'`);
    reader.close();
    const files = [server.log, `${server.path}-shm`, ...(remove ? [server.path] : [])];
    for (const file of files) rmSync(file, { force: true });
    copyFileSync(backup, server.path);
    expect(existsSync(markPath(server.path))).toBe(true);
    expect(await server.start()).toEqual({ loss: null, messages: 20 });
  });
});
