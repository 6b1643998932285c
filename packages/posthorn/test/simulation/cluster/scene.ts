/** Two stores on one simulated database, for the tests of the guarantees that every shared database gives to nodes. */
import { setImmediate as turnOfLoop } from "node:timers/promises";
import { auditOn } from "../audit.ts";
import { SimulatedDatabase } from "../database.ts";
import { Random } from "../random.ts";
import { Life, VirtualTime } from "../virtual-time.ts";
import { Bus } from "./bus.ts";
import { Coordination } from "./coordination.ts";
import { openStore } from "./open.ts";
import { noticesOf } from "./shared-store.ts";
import type { Store } from "../../../src/store/store.ts";

/** Step of virtual time while waiting for a response. */
const STEP_MS = 20;
const PATIENCE_MS = 60_000;
const BREAK_MS = 5000;

export function openSimulatedScene(): ClusterScene {
  const time = new VirtualTime();
  const random = new Random(1, "scene");
  const bus = new Bus({ time, random });
  const database = new SimulatedDatabase({
    time,
    random,
    watch: (connection) => {
      const changes = auditOn(connection);
      const notices = noticesOf(connection);
      return () => {
        changes();
        for (const payload of notices()) bus.committed(payload);
      };
    },
  });
  /** Offset that advances only the clock of the database. */
  let ahead = 0;
  const sharing = { coordination: new Coordination(() => time.utc + ahead), bus, random };
  const stores = [1, 2].map((machine) => {
    const process = { life: new Life(), serverLife: new Life(), run: machine, machine };
    return openStore({ time, database, sharing }, process, `node-${machine}`);
  });
  const pass = (ms: number): Promise<unknown> => time.run(time.elapsed + ms, () => true);
  return {
    stores: [stores[0]!, stores[1]!],
    leasesPass: async (ms) => {
      ahead += ms;
    },
    until: async (work) => {
      const settled = work.then(
        () => true,
        () => true,
      );
      const turn = async (): Promise<boolean> => {
        await pass(STEP_MS);
        await turnOfLoop();
        return false;
      };
      for (let left = PATIENCE_MS / STEP_MS; left > 0 && !(await Promise.race([settled, turn()])); left--);
      return work;
    },
    eventually: async (check) => {
      for (let left = PATIENCE_MS / STEP_MS; ; left--) {
        try {
          return check();
        } catch (error) {
          if (left === 0) throw error;
        }
        await pass(STEP_MS);
      }
    },
    breakLinks: async () => {
      for (const machine of [1, 2]) database.cutOff.add(machine);
      // Visible to concurrent readers.
      const views = stores.map((store) => store.cluster!.view().catch(() => undefined));
      await pass(BREAK_MS);
      await Promise.all(views);
      database.cutOff.clear();
    },
    [Symbol.asyncDispose]: async () => database[Symbol.dispose](),
  };
}

export interface ClusterScene extends AsyncDisposable {
  readonly stores: readonly [Store, Store];
  /** Advances the clock of leases. */
  leasesPass(ms: number): Promise<void>;
  /** Waits for a call to a store. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Waits until the check stops throwing. */
  eventually(check: () => void): Promise<void>;
  /** Breaks the notification connections of the nodes, which are then opened again. */
  breakLinks(): Promise<void>;
}
