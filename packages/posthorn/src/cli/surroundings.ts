import type { PageBuilds } from "../api/page-build.ts";

/** Context that a program passes to commands that it runs in its own process. */
export interface Surroundings {
  /** Builds of the pages of the server that may still be running. */
  readonly pageBuilds?: PageBuilds;
}
