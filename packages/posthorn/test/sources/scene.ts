/** A node with a clock that a test sets, and calls for the sources that it reads. */
import { eventually } from "@posthorn/testkit";
import { TestGateway, type TestSource } from "../support/gateway.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

export class SourceScene implements AsyncDisposable {
  readonly clock: ShiftedClock;
  readonly gateway: TestGateway;

  private constructor(clock: ShiftedClock, gateway: TestGateway) {
    this.clock = clock;
    this.gateway = gateway;
  }

  static async start(env: Record<string, string> = {}, at = "2026-03-02T00:10:00Z"): Promise<SourceScene> {
    const clock = new ShiftedClock(Date.parse(at));
    return new SourceScene(clock, await TestGateway.start(env, { clock }));
  }

  /** A source without an endpoint, once it was read. */
  async source(kind: string, config: object, fields: object = {}): Promise<TestSource> {
    const source = await this.gateway.source({ kind, config, ...fields }, false);
    await this.reads(source, 1);
    return source;
  }

  async state(source: TestSource): Promise<Record<string, unknown>> {
    const { json } = await this.gateway.call("GET", `ingest/api/v1/source/${source.id}/state`);
    return json;
  }

  /** Waits until the source was read, with or without success. */
  async reads(source: TestSource, after: number): Promise<Record<string, unknown>> {
    return eventually(async () => {
      const state = await this.state(source);
      const times = [state["lastSuccessAt"], state["lastFailureAt"]].map((time) => Date.parse(String(time)) || 0);
      if (Math.max(...times) < after) throw new Error(`not read since ${new Date(after).toISOString()}`);
      return state;
    });
  }

  /** Moves the clock to the next read of a source, and waits until it has ended. */
  async next(source: TestSource): Promise<Record<string, unknown>> {
    const at = Date.parse(String((await this.state(source))["nextAt"]));
    this.clock.set(Math.max(at, this.clock.now()) + 1);
    return this.reads(source, at);
  }

  /** Messages of a source, oldest first. */
  async messages(source: TestSource): Promise<readonly Record<string, unknown>[]> {
    return (await this.gateway.messages(source)).toReversed();
  }

  async payloads(source: TestSource): Promise<readonly unknown[]> {
    return (await this.messages(source)).map(({ payload }) => payload);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
  }
}
