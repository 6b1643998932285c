/** Spanish texts of the portal. The dashboard is not translated; what is missing here is shown in English. */
import { deliveries } from "./es/deliveries.ts";
import { endpoints } from "./es/endpoints.ts";
import { frame } from "./es/frame.ts";
import { policy } from "./es/policy.ts";
import { portal } from "./es/portal.ts";

export const es = { ...frame, ...portal, ...deliveries, ...endpoints, ...policy };
