import { afterEach, describe, expect, it, vi } from "vitest";
import { startNode } from "../../test/support/posthorn.ts";
import { temporaryFolder } from "../../test/support/store.ts";
import { EndpointHealthMonitor } from "./endpoint-health-monitor.ts";
import { Maintenance } from "./maintenance.ts";
import { OperationalWebhookPublisher } from "./operational-webhook-publisher.ts";
import { OutboxRelay } from "./outbox-relay.ts";
import { SourceMonitor } from "./source-monitor.ts";
import { Statistics } from "./statistics.ts";
import { TaskRunner } from "./task-runner.ts";
import { type Worker, type WorkerFailure, Workers } from "./worker.ts";

const inAllShards = (): boolean => true;
const SIGNAL = { kind: "outbox", from: 1 } as const;

/** A worker that records its calls, and optionally fails in each of them. */
class RecordingWorker implements Worker {
  readonly calls: string[] = [];
  readonly name: string;
  readonly #fails: boolean;

  constructor(name: string, fails: boolean) {
    this.name = name;
    this.#fails = fails;
  }

  started(): void {
    this.#called("started");
  }

  async gained(): Promise<void> {
    await Promise.resolve();
    this.#called("gained");
  }

  async left(): Promise<void> {
    await Promise.resolve();
    this.#called("left");
  }

  rescan(): void {
    this.#called("rescan");
  }

  notified(): void {
    this.#called("notified");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #called(name: string): void {
    this.calls.push(name);
    if (this.#fails) throw new Error(`${this.name} fails`);
  }
}

function threeWorkers(failing: string | null) {
  const failures: WorkerFailure[] = [];
  const list = ["first", "second", "third"].map((name) => new RecordingWorker(name, name === failing));
  return { failures, list, workers: new Workers(list, (_error, failure) => failures.push(failure)) };
}

afterEach(() => vi.restoreAllMocks());

describe("the workers of a node", () => {
  it("all receive every call, in the order in which they are listed", async () => {
    const { failures, list, workers } = threeWorkers(null);
    workers.started();
    await workers.gained(inAllShards);
    await workers.left(inAllShards);
    workers.rescan();
    workers.notified(SIGNAL);
    const all = ["started", "gained", "left", "rescan", "notified"];
    expect(list.map(({ calls }) => calls)).toEqual([all, all, all]);
    expect(failures).toEqual([]);
  });

  it.each(["first", "second", "third"])("all receive every call even if the %s one fails", async (failing) => {
    const { failures, list, workers } = threeWorkers(failing);
    expect(() => workers.started()).toThrow(`${failing} fails`);
    await expect(workers.gained(inAllShards)).rejects.toThrow(`${failing} fails`);
    await workers.left(inAllShards);
    workers.rescan();
    workers.notified(SIGNAL);
    const all = ["started", "gained", "left", "rescan", "notified"] as const;
    expect(list.map(({ calls }) => calls)).toEqual([all, all, all]);
    expect(failures).toEqual(all.map((call) => ({ worker: failing, call })));
  });

  it("need not implement any call", async () => {
    const workers = new Workers([{ name: "idle", [Symbol.asyncDispose]: () => Promise.resolve() }], () =>
      expect.unreachable(),
    );
    workers.started();
    await workers.gained(inAllShards);
    await workers.left(inAllShards);
    workers.rescan();
    workers.notified(SIGNAL);
  });

  it("are started, and take over the shards of the node, when the node starts", async () => {
    using folder = temporaryFolder();
    const started = [Maintenance, OutboxRelay, SourceMonitor, Statistics].map(({ prototype }) =>
      vi.spyOn(prototype, "started"),
    );
    const gained = [EndpointHealthMonitor, OperationalWebhookPublisher, TaskRunner].map(({ prototype }) =>
      vi.spyOn(prototype as Required<Pick<Worker, "gained">>, "gained"),
    );
    await using node = await startNode(folder.path);
    for (const call of [...started, ...gained]) expect(call).toHaveBeenCalledOnce();
    expect((await fetch(`${node.url}/health`)).status).toBe(204);
  });
});
