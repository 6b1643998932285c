/** An application with its endpoints, each at its own path, so that tests of one file do not see each other's deliveries. */
import assert from "node:assert/strict";
import { type Received, uid } from "@posthorn/testkit";
import type { Result } from "./api.ts";
import type { World } from "./world.ts";

export interface TenantEndpoint {
  readonly id: string;
  /** Path of the receiver that the endpoint calls. */
  readonly hook: string;
  readonly url: string;
  /** Path of the API. */
  readonly path: string;
}

export class Tenant {
  readonly id: string;
  readonly path: string;
  readonly #world: World;

  private constructor(world: World, id: string) {
    this.#world = world;
    this.id = id;
    this.path = `/api/v1/app/${id}`;
  }

  static async create(world: World): Promise<Tenant> {
    const { json } = await world.api.post("/api/v1/app", { name: "Tenant" });
    return new Tenant(world, json.id);
  }

  async endpoint(fields: object = {}): Promise<TenantEndpoint> {
    const hook = `/${uid("hook")}`;
    const made = await this.#world.api.post(`${this.path}/endpoint`, {
      url: this.#world.receiver.url + hook,
      ...fields,
    });
    assert.equal(made.status, 201, made.text);
    return { id: made.json.id, hook, url: made.json.url, path: `${this.path}/endpoint/${made.json.id}` };
  }

  /** Publishes a message; a text is the whole body of the request. Returns the message ID. */
  async publish(fields: object | string = {}): Promise<string> {
    const body = typeof fields === "string" ? fields : { eventType: "a", payload: { a: 1 }, ...fields };
    const { status, json, text } = await this.#world.api.post(`${this.path}/msg`, body);
    assert.equal(status, 202, text);
    return json.id;
  }

  /** The deliveries of a message to an endpoint that have arrived so far. */
  received(endpoint: TenantEndpoint, message: string): Received[] {
    return this.#world.receiver.requests.filter(
      ({ path, headers }) => path === endpoint.hook && headers["webhook-id"] === message,
    );
  }

  /** The first delivery of a message to an endpoint, once it has arrived. */
  delivery(endpoint: TenantEndpoint, message: string): Promise<Received> {
    return this.#world.receiver.waitFor(
      ({ path, headers }) => path === endpoint.hook && headers["webhook-id"] === message,
    );
  }

  get(path: string): Promise<Result> {
    return this.#world.api.get(this.path + path);
  }
}
