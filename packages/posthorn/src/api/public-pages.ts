/** Pages for people without an account: shared messages, and the links in emails about alerts. */
import type { FastifyInstance } from "fastify";
import type { Services } from "../domain/context.ts";
import { registerAlertPages } from "./alert-recipient/page.ts";
import { registerSharePage } from "./share/page.ts";

export function registerPublicPages(app: FastifyInstance, services: Services): void {
  registerSharePage(app, services);
  registerAlertPages(app, services);
}
