/** Builds of pages that run while the server already serves requests, as `npm start` does in a clone. */

export type PageBuildState =
  /** `step`: what the build does now, for people, such as "step 1 of 3: bundle the pages". */
  | { readonly kind: "building"; readonly step: string }
  /** `message`: why the build failed, and where to read more. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ready" };

/** One build. Its state changes until it is ready or has failed. */
export interface PageBuild {
  readonly state: PageBuildState;
}

export interface PageBuilds {
  readonly dashboard: PageBuild;
  readonly docs: PageBuild;
}
