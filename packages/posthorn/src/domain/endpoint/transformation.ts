/** What changes messages on their way to an endpoint. */
export interface Transformation {
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}
