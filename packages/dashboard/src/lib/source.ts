/** A source is an application of its own kind: its id stands wherever an application's does. */
export function isSource(app: string): boolean {
  return app.startsWith("src_");
}
