/** Runs the examples of templates on a node, with a clock that the test sets, and a page that sources read. */
import { eventually, startReceiver, type Receiver } from "@posthorn/testkit";
import {
  EXAMPLE_TIME,
  type ExampleStep,
  exampleValues,
  type Template,
  type TemplateExample,
} from "../../src/templates/template.ts";
import { recordUptime } from "../../src/domain/activity/find-inactive.ts";
import { SourceScene } from "../sources/scene.ts";
import { send, type TestSource } from "../support/gateway.ts";
import { signatureOf } from "./provider-signatures.ts";

interface Instance {
  readonly source:
    | (TestSource & { readonly type: string; readonly kind: string; readonly ingestUrl: string | null })
    | null;
  readonly watch: { readonly id: string } | null;
  readonly endpoint: { readonly id: string };
  /** Application of the endpoint: its uid, or the ID of the source. */
  readonly app: string;
  readonly secret: string | null;
  /** Target of its endpoint. */
  readonly path: string;
}

const MINUTE = 60_000;

export class TemplateScene implements AsyncDisposable {
  readonly scene: SourceScene;
  /** Serves the page of the current step. */
  readonly #site: Receiver;
  #count = 0;

  private constructor(scene: SourceScene, site: Receiver) {
    this.scene = scene;
    this.#site = site;
  }

  static async start(): Promise<TemplateScene> {
    // An attempt survives a step of the clock.
    return new TemplateScene(
      await SourceScene.start({ POSTHORN_REQUEST_TIMEOUT: "60" }, EXAMPLE_TIME),
      await startReceiver(),
    );
  }

  /** Values of the form: those of the examples, with the servers of this test. */
  valuesOf(template: Template): Record<string, unknown> {
    return {
      ...exampleValues(template),
      ...(Object.hasOwn(template.fields, "url") ? { url: `${this.#site.url}/page` } : {}),
      destination: "webhook",
      destinationUrl: `${this.scene.gateway.receiver.url}/${this.#count}`,
    };
  }

  /** Creates the template for an example, and performs its steps. Returns the requests that its endpoint received. */
  async run(id: string, template: Template, example: TemplateExample): Promise<readonly Event[]> {
    const { gateway } = this.scene;
    const steps = [...example.steps];
    // A source that is read uses its first page as the initial state.
    if (steps[0]?.kind === "page") this.#serve(steps.shift() as ExampleStep & { readonly kind: "page" });
    const instance = await this.#instantiate(id, template);
    if (instance.source !== null && instance.source.ingestUrl === null) await this.scene.reads(instance.source, 1);
    for (const step of steps) await this.#do(instance, step);
    await this.#settled(instance);
    await this.#delivered(instance, example.receives.length);
    return gateway.receiver.requests
      .filter(({ path }) => path === instance.path)
      .map(({ headers, body }) => ({ body: JSON.parse(body.toString()) as object, id: headers["webhook-id"]! }));
  }

  async #instantiate(id: string, template: Template): Promise<Instance> {
    const { gateway } = this.scene;
    const number = ++this.#count;
    const app = `shop-${number}`;
    const values = this.valuesOf(template);
    const { json: about } = await gateway.call("GET", `api/v1/template/${id}`);
    const needsApplication = about["needsApplication"] === true;
    if (needsApplication) await gateway.call("POST", "api/v1/app", { name: app, uid: app });
    const made = await gateway.call("POST", `api/v1/template/${id}/instantiate`, {
      ...(needsApplication ? { app } : {}),
      values,
    });
    if (made.status !== 201) throw new Error(made.text);
    const instance = made.json as unknown as Omit<Instance, "app" | "secret" | "path">;
    const secret = values["secret"] ?? values["token"];
    return {
      ...instance,
      source: instance.source === null ? null : { ...instance.source, url: instance.source.ingestUrl ?? "" },
      app: instance.source?.id ?? app,
      secret: typeof secret === "string" ? secret : null,
      path: `/${number}`,
    };
  }

  async #do(instance: Instance, step: ExampleStep): Promise<void> {
    const { gateway, clock } = this.scene;
    switch (step.kind) {
      case "publish": {
        const { eventType, payload } = step;
        const made = await gateway.call("POST", `api/v1/app/${instance.app}/msg`, { eventType, payload });
        if (made.status !== 202) throw new Error(made.text);
        return;
      }
      case "request": {
        const { type, url } = instance.source!;
        const body = JSON.stringify(step.body);
        const unsigned = { body, secret: instance.secret ?? "", now: clock.now(), id: `msg_${this.#count++}` };
        const headers = { "content-type": "application/json", ...step.headers, ...signatureOf(type, unsigned) };
        const response = await send(url, body, headers);
        if (response.status >= 300) throw new Error(`${response.status} ${response.text}`);
        return;
      }
      case "page":
        this.#serve(step);
        await this.#settled(instance);
        await this.scene.next(instance.source!);
        return;
      case "wait":
        await this.#settled(instance);
        return this.#pass(instance, step.minutes);
    }
  }

  /** Waits until no delivery is pending, and there were this many. */
  async #delivered({ app, endpoint }: Instance, least: number): Promise<void> {
    const { gateway } = this.scene;
    await eventually(async () => {
      const { json } = await gateway.call("GET", `api/v1/app/${app}/endpoint/${endpoint.id}/stats`);
      if (json["pending"] !== 0 || json["sending"] !== 0) throw new Error("deliveries are pending");
      if (Number(json["success"]) < least) throw new Error("events are missing");
    });
  }

  #serve({ contentType, body }: ExampleStep & { readonly kind: "page" }): void {
    this.#site.respondWith({ status: 200, headers: { "content-type": contentType }, body });
  }

  /**
   * Advances time in steps of half a minute, like for a running node: inactivity is measured only while a node runs. Due work ends before
   * the next step, because the requests would otherwise time out.
   */
  async #pass(instance: Instance, minutes: number): Promise<void> {
    const { clock, gateway } = this.scene;
    for (let step = 0; step < 2 * minutes; step++) {
      clock.advance(MINUTE / 2);
      // The node records once a minute that it runs, and may be between two records when the clock jumps.
      await recordUptime(gateway.node.services);
      await eventually(async () => {
        if (instance.source === null || instance.source.ingestUrl !== null) return;
        const { nextAt } = await this.scene.state(instance.source);
        if (Date.parse(String(nextAt)) <= clock.now()) throw new Error("the source is being read");
      });
      await this.#settled(instance);
      await this.#delivered(instance, 0);
    }
  }

  /** Waits until the watch has evaluated all messages, and no message waits in the outbox. */
  async #settled({ watch, app }: Instance): Promise<void> {
    if (watch === null) return;
    const { gateway, clock } = this.scene;
    const { db } = gateway.node.services.store;
    await eventually(async () => {
      const row = await db
        .selectFrom("watch")
        .select(["id", "app_id", "cursor_key"])
        .where("public_id", "=", watch.id)
        .executeTakeFirstOrThrow();
      const newest = await db
        .selectFrom("message")
        .select((eb) => eb.fn.max("id").as("id"))
        .where("app_id", "=", row.app_id)
        .executeTakeFirstOrThrow();
      const due = await db
        .selectFrom("watch_key")
        .select("due")
        .where("watch_id", "=", row.id)
        .where("due", "<=", clock.now() - 3000)
        .executeTakeFirst();
      const waiting = await db.selectFrom("outbox").select("id").executeTakeFirst();
      const own = await this.#isOwn(newest.id);
      if ((row.cursor_key < (newest.id ?? 0) && !own) || due !== undefined || waiting !== undefined) {
        throw new Error(`the watch of ${app} has not evaluated everything`);
      }
    });
  }

  /** Whether a message is an event of a watch. A step that finds only those does not move the cursor. */
  async #isOwn(messageKey: number | null): Promise<boolean> {
    const { db } = this.scene.gateway.node.services.store;
    const row = await db
      .selectFrom("watch_event")
      .select("message_id")
      .where("message_id", "=", messageKey ?? 0)
      .executeTakeFirst();
    return row !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]();
    await this.#site[Symbol.asyncDispose]();
  }
}

export interface Event {
  readonly id: string;
  readonly body: object;
}
