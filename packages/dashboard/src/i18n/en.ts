/** English, the catalogue that the others are held to. */
import { capture } from "./en/capture.ts";
import { causes } from "./en/causes.ts";
import { cluster } from "./en/cluster.ts";
import { flow } from "./en/flow.ts";
import { frame } from "./en/frame.ts";
import { home } from "./en/home.ts";
import { inbound } from "./en/inbound.ts";
import { messages } from "./en/messages.ts";
import { network } from "./en/network.ts";
import { objects } from "./en/objects.ts";
import { policy } from "./en/policy.ts";
import { portal } from "./en/portal.ts";
import { sources } from "./en/sources.ts";
import { work } from "./en/work.ts";

export const en = {
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
