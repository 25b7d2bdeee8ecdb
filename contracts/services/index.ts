/** Every operation of every service, by workflow type. A service adds one line. */
import type { OperationDefinition } from '../operation.ts';
import { odin } from './odin.ts';

const services = { odin } as const;

const all: readonly OperationDefinition[] = Object.values(services).flatMap((service) =>
  Object.values(service),
);

/** The definition of a workflow type; undefined for what is no operation. */
export const definitionOf = (type: string): OperationDefinition | undefined =>
  all.find((definition) => definition.type === type);

/** Workflow types of all operations. */
export const operationTypes: readonly string[] = all.map(({ type }) => type);
