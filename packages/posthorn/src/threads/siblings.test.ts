import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import type { Signal } from "../store/signal.ts";
import { SiblingPorts } from "./siblings.ts";

const REVOKED: Signal = { kind: "tokens" };
const wake = (endpointId: number): Signal => ({ kind: "wake", endpointId });

interface Thread {
  readonly ports: SiblingPorts;
  readonly applied: Signal[];
  /** Threads that were reported as not responding. */
  readonly silent: number[];
}

/** Closed after each test. */
const open: SiblingPorts[] = [];

afterEach(() => {
  for (const ports of open.splice(0)) ports[Symbol.dispose]();
});

/** Threads with numbers from 1 on, connected with each other, that apply signals to a list. */
async function threads(count: number, responseMs?: number): Promise<readonly Thread[]> {
  const all = Array.from({ length: count }, (): Thread => {
    const silent: number[] = [];
    const applied: Signal[] = [];
    const ports = new SiblingPorts({
      process: "test",
      onSilent: (thread) => void silent.push(thread),
      ...(responseMs === undefined ? {} : { responseMs }),
    });
    ports.onSignals((signals) => void applied.push(...signals));
    open.push(ports);
    return { ports, applied, silent };
  });
  all.forEach((one, at) => {
    for (let other = 0; other < at; other++) {
      const { port1, port2 } = new MessageChannel();
      one.ports.add(other + 1, port1);
      all[other]!.ports.add(at + 1, port2);
    }
  });
  await Promise.all(all.map(({ ports }) => ports.join()));
  return all;
}

/** A thread that has joined and whose event loop hangs, so it does not read its channel. */
async function hanging(one: Thread, thread: number) {
  const { port1, port2 } = new MessageChannel();
  one.ports.add(thread, port1);
  const joined = new Promise((resolve) => void port1.once("message", resolve));
  port2.postMessage({ op: "join", id: 0 });
  await joined;
  return {
    /** The signals of each message from now on; others are empty lists. */
    read: (): readonly (readonly Signal[])[] => {
      const read: Signal[][] = [];
      port2.on("message", ({ op, id, signals = [] }: { op: string; id: number | null; signals?: Signal[] }) => {
        if (op === "done" || op === "join") return;
        read.push(signals);
        if (id !== null) port2.postMessage({ op: "done", id });
      });
      return read;
    },
    crash: () => port2.close(),
  };
}

describe("signals between threads", () => {
  it("are applied by every other thread before the sender continues", async () => {
    const all = await threads(4);
    await all[1]!.ports.tell([REVOKED, wake(7)]);
    expect(all.map(({ applied }) => applied.length)).toEqual([2, 0, 2, 2]);
    expect(all[3]!.applied).toEqual([REVOKED, wake(7)]);
    expect(all.flatMap(({ silent }) => silent)).toEqual([]);
  });

  it("keep their order, whether or not they are confirmed", async () => {
    const [one, two] = (await threads(2)) as [Thread, Thread];
    one.ports.send([wake(1)]);
    one.ports.send([wake(2)]);
    await one.ports.tell([wake(3)]);
    expect(two.applied).toEqual([wake(1), wake(2), wake(3)]);
  });

  it("do not wait for a thread that hangs, which is reported once and gets them later", async () => {
    const [one, two] = (await threads(2, 200)) as [Thread, Thread];
    const hung = await hanging(one, 3);
    await one.ports.tell([wake(1)]);
    // It counts as not responding now, and is not waited for at all.
    await one.ports.tell([wake(2)]);
    expect(one.silent).toEqual([3]);
    expect(two.applied).toEqual([wake(1), wake(2)]);
    const read = hung.read();
    await one.ports.catchUp();
    expect(read).toEqual([[wake(1)], [wake(2)], []]);
    // It has responded, so it is waited for again.
    await one.ports.tell([wake(3)]);
    expect(read.at(-1)).toEqual([wake(3)]);
  });

  it("do not wait for a thread that crashes, and the other threads check for changes that it did not announce", async () => {
    const [one] = (await threads(1)) as [Thread];
    const hung = await hanging(one, 2);
    const lost = Promise.withResolvers<void>();
    one.ports.onLost(() => lost.resolve());
    const told = one.ports.tell([REVOKED]);
    const caughtUp = one.ports.catchUp();
    hung.crash();
    await told;
    await expect(caughtUp).rejects.toMatchObject({ code: "storage_unavailable" });
    await lost.promise;
    expect(one.ports.count).toBe(0);
  });

  it("do not report a thread that ends in order as lost", async () => {
    const [one, two, three] = (await threads(3)) as [Thread, Thread, Thread];
    let lost = 0;
    for (const { ports } of [one, two]) ports.onLost(() => void lost++);
    three.ports.send([wake(1)]);
    three.ports[Symbol.dispose]();
    await one.ports.tell([wake(2)]);
    await two.ports.tell([wake(3)]);
    expect(one.applied).toEqual([wake(1), wake(3)]);
    expect([one.ports.count, two.ports.count, lost]).toEqual([1, 1, 0]);
  });

  it("reach a thread that starts: those before it joined without confirmation, and later ones with it", async () => {
    const [one] = (await threads(1)) as [Thread];
    const { port1, port2 } = new MessageChannel();
    one.ports.add(2, port1);
    // The thread has not started, so this must not wait for it.
    await one.ports.tell([wake(1)]);
    const ports = new SiblingPorts({ process: "test", onSilent: () => undefined });
    open.push(ports);
    ports.add(1, port2);
    await ports.join();
    await one.ports.tell([wake(2)]);
    const applied: Signal[] = [];
    // Signals that arrived before there was a listener are not lost.
    ports.onSignals((signals) => void applied.push(...signals));
    await one.ports.tell([wake(3)]);
    expect(applied).toEqual([wake(1), wake(2), wake(3)]);
  });

  it("do not wait for a starting thread, although it sends signals itself and waits for the running ones", async () => {
    const [one] = (await threads(1, 60_000)) as [Thread];
    const { port1, port2 } = new MessageChannel();
    one.ports.add(2, port1);
    const ports = new SiblingPorts({ process: "test", onSilent: () => undefined });
    open.push(ports);
    ports.add(1, port2);
    while (ports.count === 0) await new Promise(setImmediate);
    await ports.tell([wake(1)]);
    expect(one.applied).toEqual([wake(1)]);
    expect(one.ports.count).toBe(0);
    // Its event loop is busy: it reads nothing, and the others would wait for a minute.
    port2.removeAllListeners("message");
    await one.ports.tell([wake(2)]);
    await one.ports.catchUp();
    expect(one.silent).toEqual([]);
  });

  it("do not mix with messages by topic, which reach the same topic in every other thread", async () => {
    const [one, two, three] = (await threads(3)) as [Thread, Thread, Thread];
    const heard = new Map<number, unknown>();
    for (const [number, { ports }] of [one, two, three].entries())
      ports.subscribe("usage", (data) => void heard.set(number, data));
    two.ports.publish("usage", [["a", 1]]);
    two.ports.publish("other", "nothing");
    await two.ports.tell([REVOKED]);
    const usage = [["a", 1]];
    expect(heard).toEqual(new Map([0, 2].map((number) => [number, usage])));
    expect([one.applied, three.applied]).toEqual([[REVOKED], [REVOKED]]);
  });

  it("are needed only once another thread was started, and from then on even after it has ended", async () => {
    const one = new SiblingPorts({ process: "test", onSilent: () => undefined });
    open.push(one);
    const counts: number[] = [];
    one.onCount(() => void counts.push(one.count));
    await one.join();
    expect(one.isAlone).toBe(true);
    const { port1, port2 } = new MessageChannel();
    one.add(2, port1);
    // Before it runs, because it starts to work right after that.
    expect([one.isAlone, one.count]).toEqual([false, 0]);
    port2.postMessage({ op: "join", id: 0 });
    while (one.count === 0) await new Promise(setImmediate);
    port2.close();
    while (one.count === 1) await new Promise(setImmediate);
    expect(one.isAlone).toBe(false);
    expect(counts).toEqual([1, 0]);
  });

  it("of the commits in progress in other threads have arrived when catching up ends", async () => {
    const [one, two] = (await threads(2)) as [Thread, Thread];
    const commit = Promise.withResolvers<void>();
    two.ports.onCatchUp(async () => {
      await commit.promise;
      void two.ports.tell([wake(1)]);
    });
    let caughtUp = false;
    const catching = one.ports.catchUp().then(() => (caughtUp = true));
    await two.ports.tell([wake(0)]);
    expect(caughtUp).toBe(false);
    commit.resolve();
    await catching;
    expect(one.applied).toEqual([wake(0), wake(1)]);
  });
});
