import { eventually } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { keyAfterTime, keyOfId } from "../../src/lib/id.ts";
import { HubScene } from "./kills/hub-scene.ts";
import { KillRun, killsOr, timeoutFor } from "./kills/run.ts";

const KILLS = killsOr(6);

it(
  `subscribers at the hub get every message of their subscription although the server is killed ${KILLS} times`,
  { timeout: timeoutFor(KILLS) },
  async () => {
    await using run = await KillRun.start("hub kills", { POSTHORN_PUBLIC_URL: "http://hub.test" });
    await using scene = await HubScene.start(run);
    const expiring = await scene.subscribed({ lease: "60" });
    const steady = [await scene.subscribed(), await scene.subscribed()];
    const changes = scene.changeUntilStopped(steady);
    await run.kill(KILLS);
    const { joined, left } = await changes.stop();

    // Each message that was published during a subscription has arrived, before and after each kill.
    for (const { since } of steady) {
      expect([...run.accepted].every((id) => keyOfId("msg_", id)! >= keyAfterTime(since))).toBe(true);
    }
    const repeated: Record<string, number> = {};
    for (const one of [...steady, ...joined]) {
      const expected = [...run.accepted].filter((id) => keyOfId("msg_", id)! >= keyAfterTime(one.since));
      await eventually(
        () => {
          const received = new Set(one.received());
          const missing = expected.filter((id) => !received.has(id));
          expect(missing, `${one.name} lacks ${missing.length} of ${expected.length}`).toEqual([]);
        },
        { timeoutMs: 120_000 },
      );
      repeated[one.name] = one.received().length - new Set(one.received()).size;
      expect(one.unverified(), `${one.name} got bodies with a wrong signature`).toEqual([]);
    }
    for (const one of left) {
      const late = one.received().filter((id) => keyOfId("msg_", id)! >= keyAfterTime(one.until!));
      expect(late, `${one.name} got messages after its subscription had ended`).toEqual([]);
    }

    // The lease of the first one ends at most a minute after its beginning.
    await eventually(async () => expect(await scene.callbacks()).not.toContain(expiring.callback), {
      timeoutMs: 120_000,
    });
    expect((await scene.callbacks()).toSorted()).toEqual([...steady, ...joined].map((one) => one.callback).toSorted());
    expect(await scene.subscriptionOf(steady[0]!)).toMatchObject({ id: steady[0]!.id });
    expect(await scene.requests()).toEqual([]);
    expect(await scene.endpoints()).toHaveLength(steady.length + joined.length);
    run.report({ joined: joined.length, left: left.length, renewals: changes.renewals(), repeated });
  },
);
