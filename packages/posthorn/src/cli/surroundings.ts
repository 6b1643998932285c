import type { PageBuilds } from "../api/page-build.ts";

/** What a program that runs commands in its own process gives them. */
export interface Surroundings {
  /** Builds of the pages of the server that may still be running. */
  readonly pageBuilds?: PageBuilds;
}
