/**
 * What every activity of an operation is told beside its action. No secrets: it goes into history.
 */
export interface StepScope {
  cluster: string;
  provider: string;
  kafkaVersion: string;
  operationId: string;
  /**
   * The run that asks, by its original id, which a reset keeps while the run's own id changes:
   * activities refuse a run that was made by a reset, which may hold a lease that is gone.
   */
  runId: string;
  /** False: machines that end are left as they are, since a drill means it. Default true. */
  revive?: boolean;
}
