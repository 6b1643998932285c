/** Whether this is the ID of a source. Sources are stored as applications, so their IDs work in place of application IDs. */
export function isSource(app: string): boolean {
  return app.startsWith("src_");
}
