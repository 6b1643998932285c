/** The doctor: given a request that does not verify, finds the mistake that explains it. */
export type { Attempt, Check, Finding, FindingCode } from "./attempt.ts";
export { diagnose, type Diagnosis, type DoctorOptions, type StopReason } from "./diagnose.ts";
export { diagnoseProvider, diagnoseStandard } from "./subjects.ts";
