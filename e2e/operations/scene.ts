/** One application with an endpoint and a delivered message, seen through one version of the SDK. */
import { eventTypeName, eventually, randomId, uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Sdk, type SdkVersion } from "../lib/sdk.ts";
import type { World } from "../lib/world.ts";

export interface Scene {
  readonly world: World;
  readonly sdk: Sdk;
  readonly version: SdkVersion;
  readonly app: string;
  readonly appUid: string;
  readonly endpoint: string;
  readonly eventType: string;
  readonly message: string;
  readonly attempt: string;
  /** A valid URL for a new endpoint. */
  readonly url: string;
  newApp(): Promise<string>;
  newEndpoint(fields?: Readonly<Record<string, unknown>>): Promise<string>;
  newEventType(fields?: Readonly<Record<string, unknown>>): Promise<string>;
  publish(fields?: Readonly<Record<string, unknown>>): Promise<string>;
  /** The first attempt of a message, once it has ended. */
  attemptOf(message: string): Promise<string>;
}

export async function setScene(world: World, version: SdkVersion): Promise<Scene> {
  const sdk = world.sdk(version);
  const appUid = uid("app");
  const url = `${world.receiver.url}/hook`;
  const { id: app } = await sdk("application.create", { name: "Scene", uid: appUid });
  const newEventType = async (fields = {}): Promise<string> => {
    const name = eventTypeName();
    await sdk("eventType.create", { name, description: "Of a test.", ...fields });
    return name;
  };
  const newEndpoint = async (fields = {}): Promise<string> =>
    (await sdk("endpoint.create", app, { url, uid: uid("ep"), ...fields })).id;
  const eventType = await newEventType();
  const endpoint = await newEndpoint();
  const publish = async (fields = {}): Promise<string> =>
    (await sdk("message.create", app, { eventType, payload: { of: "a test" }, ...fields })).id;
  const attemptOf = (message: string): Promise<string> =>
    eventually(async () => {
      const { data } = await sdk("messageAttempt.listByMsg", app, message);
      expect(data).not.toHaveLength(0);
      return data[0].id as string;
    });
  const message = await publish({ eventId: uid("event") });
  return {
    world,
    sdk,
    version,
    app,
    appUid,
    endpoint,
    eventType,
    message,
    attempt: await attemptOf(message),
    url,
    newApp: async () => (await sdk("application.create", { name: "Other", uid: uid("app") })).id,
    newEndpoint,
    newEventType,
    publish,
    attemptOf,
  };
}

/** A well-formed ID that does not exist. */
export const absent = randomId;
