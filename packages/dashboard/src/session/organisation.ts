/** The organisation that a person works in. */
import { api, must } from "../api/client.ts";
import { basePath } from "../lib/base.ts";

/** Moves the session to another organisation, and reloads the page, so that no data of the previous one remains. */
export async function switchOrganisation(organisation: string): Promise<void> {
  await must(api.POST("/api/v1/session/current/organisation", { body: { organisation } }));
  location.assign(`${basePath()}/`);
}
