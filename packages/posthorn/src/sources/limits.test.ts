import { describe, expect, it } from "vitest";
import { type LimitKeys, ReadLimiter } from "./limits.ts";

const LIMITS = { total: 4, perOrganisation: 3, perHost: 2 };

/** Reads that do not end until the test ends them. */
class Reads {
  readonly limiter = new ReadLimiter(LIMITS);
  readonly started: string[] = [];
  readonly #ends = new Map<string, () => void>();

  start(name: string, keys: LimitKeys, signal = new AbortController().signal): Promise<void> {
    return this.limiter.run(keys, signal, () => {
      this.started.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)!();
    await settled();
  }
}

/** Waits until everything that is due has run. Nothing here waits for a timer. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const of = (orgId: number, host: string | null): LimitKeys => ({ orgId, host });

describe("reads of sources at the same time", () => {
  it("are limited for a host over all organisations, and delay no read of another host", async () => {
    const reads = new Reads();
    void reads.start("a", of(1, "shop.example"));
    void reads.start("b", of(2, "shop.example"));
    void reads.start("c", of(3, "shop.example"));
    void reads.start("d", of(3, "news.example"));
    await settled();
    expect(reads.started).toEqual(["a", "b", "d"]);
    await reads.end("a");
    expect(reads.started).toEqual(["a", "b", "d", "c"]);
  });

  it("are limited for an organisation, and delay no read of another one", async () => {
    const reads = new Reads();
    for (const name of ["a", "b", "c", "d"]) void reads.start(name, of(1, `${name}.example`));
    void reads.start("e", of(2, "e.example"));
    await settled();
    expect(reads.started).toEqual(["a", "b", "c", "e"]);
    await reads.end("e");
    expect(reads.started).toHaveLength(4);
    await reads.end("b");
    expect(reads.started.at(-1)).toBe("d");
  });

  it("are limited for a node, also without a host, and start in their order", async () => {
    const reads = new Reads();
    for (let index = 0; index < 6; index++) void reads.start(String(index), of(index, null));
    await settled();
    expect(reads.started).toEqual(["0", "1", "2", "3"]);
    await reads.end("3");
    await reads.end("0");
    expect(reads.started).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("release their slot when they fail, and stop waiting once they are stopped", async () => {
    const { limiter } = new Reads();
    const { signal } = new AbortController();
    const fail = (): Promise<never> => Promise.reject(new Error("refused"));
    for (let turn = 0; turn < 5; turn++) {
      await expect(limiter.run(of(1, "a.example"), signal, fail)).rejects.toThrow("refused");
    }
    const reads = new Reads();
    void reads.start("a", of(1, "a.example"));
    void reads.start("b", of(1, "a.example"));
    const stopping = new AbortController();
    const waiting = reads.start("c", of(1, "a.example"), stopping.signal);
    stopping.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    await reads.end("a");
    expect(reads.started).toEqual(["a", "b"]);
    await expect(reads.start("d", of(2, null), stopping.signal)).rejects.toThrow("stopped");
  });
});
