/** French texts of the portal. The dashboard is not translated; what is missing here is shown in English. */
import { deliveries } from "./fr/deliveries.ts";
import { endpoints } from "./fr/endpoints.ts";
import { frame } from "./fr/frame.ts";
import { policy } from "./fr/policy.ts";
import { portal } from "./fr/portal.ts";

export const fr = { ...frame, ...portal, ...deliveries, ...endpoints, ...policy };
