/** German. */
import type { en } from "./en.ts";
import { capture } from "./de/capture.ts";
import { causes } from "./de/causes.ts";
import { cluster } from "./de/cluster.ts";
import { flow } from "./de/flow.ts";
import { frame } from "./de/frame.ts";
import { home } from "./de/home.ts";
import { inbound } from "./de/inbound.ts";
import { messages } from "./de/messages.ts";
import { network } from "./de/network.ts";
import { objects } from "./de/objects.ts";
import { policy } from "./de/policy.ts";
import { portal } from "./de/portal.ts";
import { sources } from "./de/sources.ts";
import { work } from "./de/work.ts";

export const de: typeof en = {
  ...capture,
  ...causes,
  ...cluster,
  ...flow,
  ...frame,
  ...home,
  ...inbound,
  ...messages,
  ...network,
  ...objects,
  ...policy,
  ...portal,
  ...sources,
  ...work,
};
