import { runTests } from "./shims/test.ts";

const worker = {
  /** Called by `workerd test`. An exception fails the run. */
  async test(): Promise<void> {
    await import("./suite.ts");
    const { passed, failures } = await runTests();
    if (failures.length > 0) throw new Error(failures.join("\n"));
    // eslint-disable-next-line no-console -- how workerd reports to the process that started it
    console.log(`passed ${passed}`);
  },
};
// eslint-disable-next-line import/no-default-export -- how workerd finds a worker
export default worker;
