/** What people are told about the processor that was chosen; made where the choice is made. */
export type {
  BackendName,
  BackendReport,
  BackendTrial,
  Processor,
} from "../../shared/training/backend-report.ts";
